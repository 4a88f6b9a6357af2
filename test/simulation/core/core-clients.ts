import type { OperationRecord } from '../history/checker.js'
import type { AppendOperation, LoggedValue, OperationRequest } from '../history/operation.js'
import { AGGREGATES, encodeAppend, valuesOf } from '../history/register.js'
import { between, randomFor } from '../world/randoms.js'
import { demand } from '../world/violation.js'
import type { CoreNode } from './core-node.js'
import { type CoreWorld, TICK } from './core-world.js'

interface Client {
  dueAt: number
  operation: number | undefined
}

interface OpenOperation {
  readonly record: OperationRecord
  readonly client: Client
  readonly node: number
  /** What was committed anywhere when a read began (S8). */
  readonly committed: number
}

const TIMEOUT_TICKS = 60
const VALUES_MAX = 3

/** Client processes: each does one operation after the other on some node and believes what it is told. */
export class CoreClients {
  readonly #random
  readonly #clients: Client[]
  readonly #open = new Map<number, OpenOperation>()
  #nextOperation = 1
  #isStopped = false

  constructor(
    private readonly world: CoreWorld,
    private readonly paddingBytesMax: number
  ) {
    this.#random = randomFor(world.config.seed, 'clients')
    const count = world.config.faults.overload ? world.config.clients * 3 : world.config.clients
    this.#clients = Array.from({ length: count }, () => ({ dueAt: 0, operation: undefined }))
  }

  /** Nothing new; what is open still has its time limit. */
  stop(): void {
    this.#isStopped = true
  }

  tick(): void {
    if (this.#isStopped) return
    for (const client of this.#clients) {
      if (client.operation === undefined && client.dueAt <= this.world.clock.now) this.#begin(client)
    }
  }

  nodeCrashed(node: number): void {
    for (const [operation, open] of this.#open) if (open.node === node) this.#fail(operation, 'unknown')
  }

  applied(node: number, operation: number, token: number | undefined): void {
    const open = this.#open.get(operation)
    if (open?.node !== node) return
    this.#end(operation)
    this.world.checker.complete(open.record, token === undefined ? { kind: 'fail' } : { kind: 'ok', token })
  }

  readAnswered(operation: number, index: number): void {
    const open = this.#open.get(operation)
    if (open === undefined) return
    demand(
      index >= open.committed,
      'S8',
      () => `a read got index ${index}, ${open.committed} was committed before it began`
    )
  }

  readDone(operation: number, values: readonly LoggedValue[]): void {
    const open = this.#open.get(operation)
    if (open === undefined) return
    this.#end(operation)
    const { request } = open.record
    const outcome = { kind: 'ok' as const, token: values.length }
    if (request.kind !== 'scan') this.world.checker.complete(open.record, outcome)
    else {
      const scanned = values.slice(request.from).map(({ value }) => value)
      this.world.checker.complete(open.record, { ...outcome, values: scanned })
    }
  }

  #begin(client: Client): void {
    const node = this.#chooseNode()
    if (node === undefined) return
    const operation = this.#nextOperation++
    const request = this.#draw(operation)
    client.operation = operation
    const record = this.world.checker.invoke(request)
    this.#open.set(operation, {
      record,
      client,
      node: node.id,
      committed: this.world.observer.known.committedIndex
    })
    this.world.clock.after(TIMEOUT_TICKS * TICK, () => this.#fail(operation, 'unknown'))
    // A process that does not run can't take the request, and nobody hears of it.
    node.run(() => {
      if (this.#open.has(operation)) this.#ask(node, operation, request)
    })
  }

  #ask(node: CoreNode, operation: number, request: OperationRequest): void {
    const raw = node.raw!
    const error =
      request.kind === 'append'
        ? raw.propose([encodeAppend(operation, request, this.#padding())])
        : raw.readIndex(operation)
    if (error !== undefined) this.#fail(operation, 'fail')
    node.drain()
  }

  #fail(operation: number, kind: 'fail' | 'unknown'): void {
    const open = this.#open.get(operation)
    if (open === undefined) return
    this.#end(operation)
    this.world.checker.complete(open.record, { kind })
  }

  #end(operation: number): void {
    const { client } = this.#open.get(operation)!
    this.#open.delete(operation)
    client.operation = undefined
    client.dueAt = this.world.clock.now + this.#random.below(this.world.config.rates.thinkTicksMax * TICK)
  }

  #draw(operation: number): OperationRequest {
    const random = this.#random
    if (random.chance(this.world.config.rates.readShare)) {
      if (random.chance(0.7)) return { kind: 'read' }
      const length = this.world.checker.logLength
      return { kind: 'scan', from: random.below(length + 1) }
    }
    return this.#drawAppend(operation)
  }

  #drawAppend(operation: number): AppendOperation {
    const random = this.#random
    const aggregate = random.below(AGGREGATES)
    const expected = random.chance(0.3) ? random.below(this.world.checker.logLength + 1) % 12 : undefined
    return {
      kind: 'append',
      values: valuesOf(operation, between(random, 1, VALUES_MAX)),
      aggregate,
      expected
    }
  }

  #padding(): number {
    const isLarge = this.world.config.faults.overload && this.#random.chance(0.2)
    return isLarge ? this.paddingBytesMax : this.#random.below(20)
  }

  /** Mostly the leader, often somebody else: who is not the leader any more must not answer as if it were. */
  #chooseNode(): CoreNode | undefined {
    const up = [...this.world.nodes.values()].filter(node => node.isUp)
    const leaders = up.filter(node => node.isLeader)
    const from = leaders.length > 0 && this.#random.chance(0.7) ? leaders : up
    return from[this.#random.below(from.length)]
  }
}
