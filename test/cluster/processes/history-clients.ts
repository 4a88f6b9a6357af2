import type { SeededRandom } from '../../../src/storage/testing.js'
import { type AppendAnswer, EventCalls } from './event-calls.js'
import type { History } from './history.js'
import type { RaftProcess } from './raft-process.js'
import type { RaftProcesses } from './raft-processes.js'

const CALL_DEADLINE_MS = 4000
const EVENTS_MAX = 3
const SHARED_AGGREGATES = 2
const STREAM_EVENTS = 200

export interface HistoryClientsOptions {
  readonly processes: RaftProcesses
  readonly history: History
  readonly random: SeededRandom
  readonly appenders: number
  readonly readers: number
  /** Between the operations of one client. */
  readonly pauseMs: number
}

/** Clients that append, read and stream while the group is being tormented, and write down what they were told. */
export class HistoryClients {
  readonly #calls = new Map<string, { readonly address: string; readonly calls: EventCalls }>()
  readonly #codes = new Map<string, number>()
  readonly #sharedNext = new Array<number>(SHARED_AGGREGATES).fill(0)
  #nextValue = 1
  #nextAggregate = SHARED_AGGREGATES
  #isOver = false
  #working: Promise<unknown> = Promise.resolve()
  /** Of the process's clock; when an append was last acknowledged. */
  lastOkMs = 0
  /** The longest time between two acknowledged appends. */
  longestGapMs = 0

  constructor(private readonly options: HistoryClientsOptions) {}

  /** What appends were answered instead of a confirmation, and how often. */
  get codes(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#codes)
  }

  start(): void {
    const { appenders, readers } = this.options
    this.lastOkMs = performance.now()
    this.#working = Promise.all([
      ...Array.from({ length: appenders }, (_, i) =>
        this.#append(i < SHARED_AGGREGATES * 2 ? i % SHARED_AGGREGATES : undefined)
      ),
      ...Array.from({ length: readers }, (_, i) => (i % 2 === 0 ? this.#read() : this.#stream()))
    ])
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#working
    for (const { calls } of this.#calls.values()) calls.close()
  }

  /** One client: on an aggregate of its own, or in competition with others. */
  async #append(shared: number | undefined): Promise<void> {
    let node = this.#anyNode()
    let own = { aggregate: this.#nextAggregate++, next: 0 }
    while (!this.#isOver) {
      const aggregate = shared ?? own.aggregate
      const firstSequence = shared === undefined ? own.next : this.#sharedNext[shared]!
      const values = this.#values(1 + this.options.random.below(EVENTS_MAX))
      const { outcome, expected } = await this.#appendOnce(node, { values, aggregate, firstSequence })
      const next = firstSequence + values.length
      if (outcome.kind === 'ok') {
        if (shared === undefined) own.next = next
        else this.#sharedNext[shared] = Math.max(this.#sharedNext[shared]!, next)
      } else {
        // An append that may come later must not meet an aggregate that has gone on without it.
        if (outcome.kind === 'unknown') own = { aggregate: this.#nextAggregate++, next: 0 }
        // Another client was faster, or an append of unknown fate has come true.
        if (expected !== undefined && shared !== undefined) this.#sharedNext[shared] = expected
        else node = this.#anyNode()
      }
      await this.#pause()
    }
  }

  async #appendOnce(
    node: RaftProcess,
    request: { values: number[]; aggregate: number; firstSequence: number }
  ): Promise<AppendAnswer> {
    const { history } = this.options
    const calls = this.#callsOf(node)
    if (calls === undefined) return { outcome: { kind: 'fail' }, code: 'down' }
    const { values, aggregate, firstSequence } = request
    const invocation = history.invoke({ kind: 'append', values, aggregate, expected: firstSequence })
    const answer = await calls.append(request, CALL_DEADLINE_MS)
    history.end(invocation, answer.outcome)
    if (answer.outcome.kind === 'ok') this.#acknowledged()
    else this.#codes.set(answer.code, (this.#codes.get(answer.code) ?? 0) + 1)
    return answer
  }

  #acknowledged(): void {
    const nowMs = performance.now()
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.lastOkMs)
    this.lastOkMs = nowMs
  }

  /** Linearizable, at any node. */
  async #read(): Promise<void> {
    while (!this.#isOver) {
      const node = this.#anyNode()
      const calls = node.isResponsive ? this.#callsOf(node) : undefined
      if (calls !== undefined) {
        const invocation = this.options.history.invoke({ kind: 'read' })
        const token = await calls.lastToken(CALL_DEADLINE_MS).catch(() => undefined)
        this.options.history.end(
          invocation,
          token === undefined ? { kind: 'unknown' } : { kind: 'ok', length: token + 1 }
        )
      }
      await this.#pause()
    }
  }

  async #stream(): Promise<void> {
    while (!this.#isOver) {
      const calls = this.#callsOf(this.#anyNode())
      const from = this.options.random.below(Math.max(1, this.#nextValue))
      const got = await calls?.stream(from, STREAM_EVENTS, 500).catch(() => [])
      if (got !== undefined && got.length > 0)
        this.options.history.streamed({ from, values: got.map(({ value }) => value) })
      await this.#pause()
    }
  }

  #values(count: number): number[] {
    return Array.from({ length: count }, () => this.#nextValue++)
  }

  #anyNode(): RaftProcess {
    const { nodes } = this.options.processes
    return nodes[this.options.random.below(nodes.length)]!
  }

  /** A node that was started again listens on another port. */
  #callsOf(node: RaftProcess): EventCalls | undefined {
    if (!node.isOpen) return undefined
    const known = this.#calls.get(node.name)
    const address = node.grpcAddress
    if (known?.address === address) return known.calls
    known?.calls.close()
    const calls = new EventCalls(address)
    this.#calls.set(node.name, { address, calls })
    return calls
  }

  #pause(): Promise<void> {
    return new Promise(resolve => setTimeout(resolve, this.options.pauseMs))
  }
}
