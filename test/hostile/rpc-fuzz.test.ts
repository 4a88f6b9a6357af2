import t, { type Test } from 'tap'
import { BytesClient } from '../../bench/client.js'
import { ServerProcess } from '../support/server-process.js'
import { GoodClient } from './support/good-client.js'
import { Random } from './support/random.js'
import { garbage, throwAt } from './support/raw-frames.js'
import { RpcAttacker } from './support/rpc-attacker.js'
import { readRpcs, type ServedRpc } from './support/rpc-catalogue.js'
import { isFullRun, mebibytes, pause, ServerWatch } from './support/server-watch.js'

const roundMs = Number(process.env.HOSTILE_ROUND_MS ?? (isFullRun ? 200_000 : 6_000))
const growthBytesMax = 96 * 1024 * 1024
const attackersPerRound = 48

t.setTimeout(roundMs * 3 + 60_000)

t.test('whatever bytes come on the gRPC port, the server goes on, and nothing stays behind', async t => {
  const random = Random.seeded()
  t.comment(`HOSTILE_SEED=${random.seed}`)
  const server = await ServerProcess.start()
  const watch = new ServerWatch(server)
  t.teardown(async () => {
    watch.stop()
    await server.stop()
    server.remove()
  })
  const rpcs = await servedRpcs(server)
  t.ok(rpcs.length >= 20, `${rpcs.length} rpcs are served`)
  const good = await GoodClient.connect(server.address)
  t.teardown(() => good.close())

  const residents: number[] = []
  for (let round = 0; round < 3; round++) {
    const summary = await attackFor(roundMs, server, rpcs, random)
    t.equal(server.exitCode, null, 'the process lives')
    await t.resolves(good.check(), 'another client is served')
    await settle(t, watch)
    residents.push(watch.residentBytes)
    t.comment(`round ${round}: ${summary}, resident ${mebibytes(watch.residentBytes)}`)
  }
  watch.read()
  t.same(watch.findings, [], 'the log has no bug')
  const growth = residents[2]! - residents[1]!
  t.ok(growth < growthBytesMax, `between two equal rounds it grew by ${mebibytes(growth)}`)
})

async function servedRpcs(server: ServerProcess): Promise<ServedRpc[]> {
  const client = new BytesClient(server.address)
  try {
    return await readRpcs(client)
  } finally {
    client.close()
  }
}

async function attackFor(
  durationMs: number,
  server: ServerProcess,
  rpcs: readonly ServedRpc[],
  random: Random
) {
  const startMs = Date.now()
  const endMs = startMs + durationMs
  const attackers = Array.from(
    { length: attackersPerRound },
    () => new RpcAttacker(server.grpcPort, rpcs, random)
  )
  let garbageCount = 0
  const throwGarbage = async () => {
    for (; Date.now() < endMs && server.exitCode === null; garbageCount++)
      await throwAt(server.grpcPort, garbage(random), random)
  }
  const keepAttacking = async (attacker: RpcAttacker) => {
    while (Date.now() < endMs && server.exitCode === null) {
      await attacker.attack()
      // An attack may be over at once: timers and sockets want their turn.
      await new Promise(resolve => setImmediate(resolve))
    }
    attacker.close()
  }
  await Promise.all([...attackers.map(keepAttacking), throwGarbage(), throwGarbage()])
  const sum = (read: (attacker: RpcAttacker) => number) =>
    attackers.reduce((total, attacker) => total + read(attacker), 0)
  const calls = sum(attacker => attacker.calls)
  const perSecond = Math.round((calls * 1000) / (Date.now() - startMs))
  return (
    `${calls} calls (${perSecond}/s) on ${sum(attacker => attacker.connects)} connections, ` +
    `${sum(({ figures }) => figures.answered)} answered, ${sum(({ figures }) => figures.resets)} reset by the server, ` +
    `${garbageCount} connections of garbage`
  )
}

/** All that the attackers opened is gone; the good client has one stream open and two connections. */
async function settle(t: Test, watch: ServerWatch): Promise<void> {
  const startMs = Date.now()
  t.equal(await watch.settled('grpc_server_calls_active', 1), 1, 'no call is left open')
  t.equal(await watch.settled('grpc_server_connections', 2), 2, 'no connection is left open')
  t.comment(`all was released after ${Date.now() - startMs} ms`)
  for (const gauge of [
    'myelin_event_trackers',
    'myelin_event_receiving_bytes',
    'myelin_event_appends_pending',
    'axon_commands_active',
    'axon_queries_active',
    'axon_applications_saturation_connected_count',
    'myelin_topology_subscribers',
    'myelin_instructions_awaited'
  ])
    t.equal(await watch.settled(gauge, 0), 0, `${gauge} is 0`)
  await pause(500)
}
