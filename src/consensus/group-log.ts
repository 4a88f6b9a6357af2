import type { Logger } from '../kernel/index.js'
import type { LogEntry } from '../storage/index.js'
import { ServerError } from '../wire/index.js'

interface Position {
  readonly index: number
  readonly term: number
}

interface Machine {
  prepare(data: Buffer): Promise<void> | undefined
  apply(entry: LogEntry): unknown
  endRound(): Promise<void> | undefined
}

export interface Proposal {
  readonly data: Buffer
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface Batch {
  readonly group: GroupLog
  readonly entries: readonly LogEntry[]
  readonly proposals: readonly Proposal[]
  readonly bytes: number
}

interface Committed {
  readonly entry: LogEntry
  /** Absent while a start replays. */
  readonly proposal: Proposal | undefined
}

/** A replication group refuses to work, or gives a proposal up before it was written. Says why in words. */
export class GroupFailedError extends ServerError {
  constructor(message: string, cause?: unknown) {
    super('AXONIQ-9100', message, cause === undefined ? {} : { cause })
  }
}

/** One group's way from proposals to applied entries. */
export class GroupLog {
  lastIndex: number
  applied: Position
  failure: GroupFailedError | undefined
  #waiting: Proposal[] = []
  #committed: Committed[] = []

  constructor(
    readonly id: number,
    private readonly machine: Machine,
    applied: Position,
    private readonly logger: Logger
  ) {
    this.applied = applied
    this.lastIndex = applied.index
  }

  enqueue(proposal: Proposal): void {
    this.#waiting.push(proposal)
  }

  /** Gives every waiting proposal its index. */
  takeBatch(term: number): Batch {
    const proposals = this.#waiting
    this.#waiting = []
    let bytes = 0
    const entries = proposals.map((proposal, i) => {
      bytes += proposal.data.length
      return { index: this.lastIndex + 1 + i, term, kind: 0, data: proposal.data }
    })
    this.lastIndex += entries.length
    return { group: this, entries, proposals, bytes }
  }

  committed(batch: Batch): void {
    batch.entries.forEach((entry, i) => {
      this.#committed.push({ entry, proposal: batch.proposals[i] })
    })
  }

  /** Nothing of the batch is in the log: its indexes are free again. Batches are written one at a time, so none came after. */
  notWritten(batch: Batch, error: unknown): void {
    this.lastIndex -= batch.entries.length
    for (const proposal of batch.proposals) proposal.reject(error)
  }

  replayed(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#committed.push({ entry, proposal: undefined })
  }

  /** Applies in order; waits only where the state machine has to look something up, or is behind with its disk. */
  async applyCommitted(): Promise<void> {
    const round = this.#committed
    this.#committed = []
    for (const { entry, proposal } of round) {
      if (this.failure !== undefined) {
        proposal?.reject(this.failure)
        continue
      }
      try {
        const preparing = this.machine.prepare(entry.data)
        if (preparing !== undefined) await preparing
        const result = this.machine.apply(entry)
        this.applied = { index: entry.index, term: entry.term }
        proposal?.resolve(result)
      } catch (error) {
        this.#stop(entry, error)
        proposal?.reject(this.failure)
      }
    }
    await this.machine.endRound()
  }

  fail(failure: GroupFailedError): void {
    this.failure = failure
    for (const proposal of this.#waiting) proposal.reject(failure)
    this.#waiting = []
  }

  /** An entry that can't be applied would make this replica differ from all others: the group stops here, its neighbours go on. */
  #stop(entry: LogEntry, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause)
    this.logger.error(
      { group: this.id, index: entry.index, error: cause },
      'replication group stops: an entry can not be applied'
    )
    this.fail(
      new GroupFailedError(
        `Replication group ${this.id} has stopped at log index ${entry.index}: ${reason}. Restart the node; if it stops again, report this with the log`,
        cause
      )
    )
  }
}
