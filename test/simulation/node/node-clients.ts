import type { OperationRecord } from '../history/checker.js'
import type { AppendOperation, OperationRequest, Outcome } from '../history/operation.js'
import { AGGREGATES, valuesOf } from '../history/register.js'
import { between, pick, randomFor } from '../world/randoms.js'
import { isCertainFailure } from './host.js'
import { STEP_MS } from './node-config.js'
import type { NodeWorld } from './node-world.js'
import type { SimulatedGroup } from './simulated-group.js'
import type { SimulatedProcess } from './simulated-process.js'

interface Client {
  readonly group: SimulatedGroup
  dueAt: number
  open: OpenOperation | undefined
}

interface OpenOperation {
  readonly record: OperationRecord
  readonly process: SimulatedProcess
}

const TIMEOUT_STEPS = 250
const VALUES_MAX = 3

/** Client processes of all groups, which talk to the product as its callers do. */
export class NodeClients {
  readonly #random
  readonly #clients: Client[] = []
  #nextOperation = 1
  #isStopped = false

  constructor(private readonly world: NodeWorld) {
    const { clients, faults, seed } = world.config
    this.#random = randomFor(seed, 'clients')
    const count = faults.overload ? clients * 3 : clients
    for (let i = 0; i < count; i++) {
      this.#clients.push({ group: world.groups[i % world.groups.length]!, dueAt: 0, open: undefined })
    }
  }

  stop(): void {
    this.#isStopped = true
  }

  step(): void {
    if (this.#isStopped) return
    for (const client of this.#clients) {
      if (client.open === undefined && client.dueAt <= this.world.clock.now) this.#begin(client)
    }
  }

  crashed(process: SimulatedProcess): void {
    for (const client of this.#clients) {
      if (client.open?.process === process) this.#end(client, client.open, { kind: 'unknown' })
    }
  }

  #begin(client: Client): void {
    const { group } = client
    const process = this.#chooseProcess(group.id)
    if (process === undefined) return
    const operation = this.#nextOperation++
    const request = this.#draw(group, operation)
    const open = { record: group.checker.invoke(request), process }
    client.open = open
    this.world.clock.after(TIMEOUT_STEPS * STEP_MS, () => this.#end(client, open, { kind: 'unknown' }))
    process.run(() => {
      if (open.record.isDone) return
      this.#ask(process, group.id, operation, request).then(
        outcome => this.#end(client, open, outcome),
        (error: unknown) => this.#end(client, open, { kind: isCertainFailure(error) ? 'fail' : 'unknown' })
      )
    })
  }

  async #ask(
    process: SimulatedProcess,
    group: number,
    operation: number,
    request: OperationRequest
  ): Promise<Outcome> {
    const host = process.host!
    if (request.kind === 'append') {
      const token = await host.append(group, operation, request)
      return token === undefined ? { kind: 'fail' } : { kind: 'ok', token }
    }
    const isScan = request.kind === 'scan'
    const { length, values } = await host.read(group, isScan ? request.from : Number.MAX_SAFE_INTEGER)
    return isScan ? { kind: 'ok', token: length, values } : { kind: 'ok', token: length }
  }

  #end(client: Client, open: OpenOperation, outcome: Outcome): void {
    if (open.record.isDone) return
    if (client.open === open) {
      client.open = undefined
      client.dueAt =
        this.world.clock.now + this.#random.below(this.world.config.rates.thinkTicksMax * STEP_MS)
    }
    this.world.guard(() => client.group.checker.complete(open.record, outcome))
  }

  #draw({ checker }: SimulatedGroup, operation: number): OperationRequest {
    const random = this.#random
    if (!random.chance(this.world.config.rates.readShare))
      return this.#drawAppend(operation, checker.logLength)
    if (random.chance(0.7)) return { kind: 'read' }
    return { kind: 'scan', from: random.below(checker.logLength + 1) }
  }

  #drawAppend(operation: number, logLength: number): AppendOperation {
    const random = this.#random
    const expected = random.chance(0.3) ? random.below(logLength + 1) % 12 : undefined
    const values = valuesOf(operation, between(random, 1, VALUES_MAX))
    return { kind: 'append', values, aggregate: random.below(AGGREGATES), expected }
  }

  #chooseProcess(group: number): SimulatedProcess | undefined {
    const up = [...this.world.processes.values()].filter(
      ({ host }) => host?.consensus.raftOf(group) !== undefined
    )
    const leaders = up.filter(process => process.raftOf(group)?.raft.leader === process.id)
    const from = leaders.length > 0 && this.#random.chance(0.7) ? leaders : up
    return from.length === 0 ? undefined : pick(this.#random, from)
  }
}
