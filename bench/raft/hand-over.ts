import { ProbeError } from '../../test/cluster/processes/probe-client.js'
import { ProbeCall } from '../../test/cluster/processes/probe-protocol.js'
import type { RaftProcess } from '../../test/cluster/processes/raft-process.js'
import { RaftProcesses } from '../../test/cluster/processes/raft-processes.js'
import { median } from './figures.js'
import { Appender } from './replicated-appends.js'

const CLIENTS = 16
const LOAD_MS = 1500
const ROUND_DEADLINE_MS = 20_000
/** Not the leader, or no leader now: certainly not stored, and asked for again elsewhere. */
const ELSEWHERE = new Set(['AXONIQ-1100', 'AXONIQ-2100'])

export interface HandOverResult {
  readonly rounds: number
  /** From the last acknowledgement of the one that is stopped to the first of the next leader: medians. */
  readonly gapMs: number
  readonly gapMaxMs: number
  /** From the signal to the first acknowledgement of the next leader. */
  readonly fromSignalMs: number
  /** The longest time that one append took, redirection included. */
  readonly longestAppendMs: number
  /** Appends that were not acknowledged and may or may not be stored, or were refused for good. */
  readonly failed: number
  readonly failures: readonly string[]
  readonly redirected: number
}

/** SIGTERM to a leader under load: clients go where the leadership went. */
export async function handOver(rounds: number, payloadBytes: number): Promise<HandOverResult> {
  const processes = await RaftProcesses.start()
  const results: Round[] = []
  try {
    for (let i = 0; i < rounds; i++) {
      const round = new Round(processes, payloadBytes)
      results.push(round)
      await round.run()
    }
  } finally {
    await processes.remove()
  }
  const gaps = results.map(({ gapMs }) => gapMs)
  return {
    rounds,
    gapMs: median(gaps),
    gapMaxMs: Math.max(...gaps),
    fromSignalMs: median(results.map(({ fromSignalMs }) => fromSignalMs)),
    longestAppendMs: Math.max(...results.map(({ longestAppendMs }) => longestAppendMs)),
    failed: results.reduce((sum, { failures }) => sum + failures.length, 0),
    failures: results.flatMap(({ failures }) => failures).slice(0, 5),
    redirected: results.reduce((sum, { redirected }) => sum + redirected, 0)
  }
}

class Round {
  readonly failures: string[] = []
  redirected = 0
  longestAppendMs = 0
  #signalledMs = 0
  #lastOfOldMs = 0
  #firstOfNewMs = 0
  #isOver = false

  constructor(
    private readonly processes: RaftProcesses,
    private readonly payloadBytes: number
  ) {}

  get gapMs(): number {
    return this.#firstOfNewMs - this.#lastOfOldMs
  }

  get fromSignalMs(): number {
    return this.#firstOfNewMs - this.#signalledMs
  }

  async run(): Promise<void> {
    const leader = await this.processes.leader()
    const clients = Array.from({ length: CLIENTS }, () => this.#client(leader))
    await pause(LOAD_MS)
    this.#signalledMs = performance.now()
    leader.signal('SIGTERM')
    await leader.exited
    const endMs = performance.now() + ROUND_DEADLINE_MS
    while (this.#firstOfNewMs === 0) {
      if (performance.now() > endMs) throw new Error(`nobody leads\n${this.processes.outputs()}`)
      await pause(5)
    }
    await pause(LOAD_MS)
    this.#isOver = true
    await Promise.all(clients)
    await leader.kill()
    await leader.start()
    await this.processes.serving()
  }

  async #client(old: RaftProcess): Promise<void> {
    const appender = new Appender(Buffer.alloc(this.payloadBytes), 1)
    let node = old
    while (!this.#isOver) {
      const body = appender.next()
      const startedMs = performance.now()
      node = (await this.#append(node, body)) ?? (await this.#elsewhere(node, body))
      this.longestAppendMs = Math.max(this.longestAppendMs, performance.now() - startedMs)
      if (node === old) this.#lastOfOldMs = performance.now()
      else if (this.#firstOfNewMs === 0) this.#firstOfNewMs = performance.now()
    }
  }

  /** The node that acknowledged; undefined: it is not the leader. */
  async #append(node: RaftProcess, body: Buffer): Promise<RaftProcess | undefined> {
    const error = await new Promise<Error | undefined>(resolve =>
      node.probe.call(ProbeCall.append, body, resolve)
    )
    if (error === undefined) return node
    if (error instanceof ProbeError && ELSEWHERE.has(error.fault.code ?? '')) {
      this.redirected++
      return undefined
    }
    this.failures.push(error.message)
    return undefined
  }

  async #elsewhere(refused: RaftProcess, body: Buffer): Promise<RaftProcess> {
    for (;;) {
      for (const node of this.processes.nodes) {
        if (node === refused || !node.isResponsive || node.probe.isLost) continue
        const accepted = await this.#append(node, body)
        if (accepted !== undefined) return accepted
      }
      await pause(1)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
