import type { Test } from 'tap'
import { ServerProcess } from '../../support/server-process.js'
import { GoodClient } from './good-client.js'
import { describeLatencies, type Latencies, measureLatencies } from './latency.js'
import { mebibytes, pause, ServerWatch } from './server-watch.js'

/** A server, a client that does all right, and what both say before, during and after something bad. */
export class Siege {
  readonly #startBytes: number

  private constructor(
    private readonly t: Test,
    readonly server: ServerProcess,
    readonly watch: ServerWatch,
    readonly good: GoodClient
  ) {
    this.#startBytes = watch.residentBytes
  }

  static async lay(t: Test, properties: Readonly<Record<string, string>> = {}): Promise<Siege> {
    const server = await ServerProcess.start({ properties })
    const watch = new ServerWatch(server)
    const good = await GoodClient.connect(server.address)
    t.teardown(async () => {
      good.close()
      watch.stop()
      await server.stop()
      server.remove()
    })
    const siege = new Siege(t, server, watch, good)
    t.comment(
      `before: ${mebibytes(watch.residentBytes)}, ${describeLatencies(await measureLatencies(good, 500))}`
    )
    return siege
  }

  get residentBytes(): number {
    return this.watch.residentBytes
  }

  /** Others may wait longer than on an idle server, but not for what is not theirs. */
  async othersAreServed(durationMs: number, medianMsMax = 250): Promise<void> {
    const latencies: Latencies = await measureLatencies(this.good, durationMs)
    const { t, watch } = this
    t.comment(`meanwhile: ${mebibytes(watch.residentBytes)}, ${describeLatencies(latencies)}`)
    t.ok(latencies.append.medianMs < medianMsMax, 'others append')
    t.ok(latencies.command.medianMs < medianMsMax, 'others send commands')
  }

  /** The besiegers have gone: what they held is free, and the log has no bug. */
  async isOver(gauges: readonly string[] = []): Promise<void> {
    const { t, watch, server } = this
    t.equal(await watch.settled('grpc_server_calls_active', 1), 1, 'no call is left')
    t.equal(await watch.settled('grpc_server_connections', 2), 2, 'no connection is left')
    for (const gauge of gauges) t.equal(await watch.settled(gauge, 0), 0, `${gauge} is 0`)
    await pause(1_000)
    watch.read()
    t.same(watch.findings, [], 'the log has no bug')
    t.equal(server.exitCode, null, 'the process lives')
    t.comment(
      `after: ${mebibytes(watch.residentBytes)}, ${mebibytes(watch.residentBytes - this.#startBytes)} more than at the start`
    )
    await this.othersAreServed(500)
  }
}
