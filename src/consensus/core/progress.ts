import { Inflights } from './inflights.js'
import { invariant } from './invariant.js'
import type { Index } from './types.js'

/**
 * probe: one append at a time, to find where the logs agree. replicate: appends follow each other without waiting. snapshot:
 * nothing is sent but heartbeats until the peer has the snapshot.
 */
export const ProgressState = { probe: 0, replicate: 1, snapshot: 2 } as const
export type ProgressState = (typeof ProgressState)[keyof typeof ProgressState]

const STATE_NAMES = ['StateProbe', 'StateReplicate', 'StateSnapshot']

export interface ProgressLimits {
  readonly inflightMessagesMax: number
  readonly inflightBytesMax: number
}

/** What a leader knows of one member (Raft figure 2: nextIndex, matchIndex). Invariant: match < next. */
export class Progress {
  match: Index = 0
  state: ProgressState = ProgressState.probe
  /** Index of the snapshot that is under way, in state snapshot. */
  pendingSnapshot: Index = 0
  /** Answered since the last check of the quorum. */
  recentActive = false
  /** Nothing may be sent until the peer answers. */
  paused = false
  /** Its entries have to be read from disk first. */
  loading = false
  /** The commit index that the peer was last told, as far as it can use it. */
  sentCommit: Index = 0
  readonly inflights: Inflights

  constructor(
    public next: Index,
    public isLearner: boolean,
    readonly limits: ProgressLimits,
    inflights?: Inflights
  ) {
    this.inflights = inflights ?? new Inflights(limits.inflightMessagesMax, limits.inflightBytesMax)
  }

  get isPaused(): boolean {
    return this.state === ProgressState.snapshot || this.paused
  }

  /** The window is shared: the copy takes the place of the original, or is dropped. */
  clone(): Progress {
    const copy = new Progress(this.next, this.isLearner, this.limits, this.inflights)
    copy.match = this.match
    copy.state = this.state
    copy.pendingSnapshot = this.pendingSnapshot
    copy.recentActive = this.recentActive
    copy.paused = this.paused
    copy.loading = this.loading
    copy.sentCommit = this.sentCommit
    return copy
  }

  becomeProbe(): void {
    // The snapshot that was sent may have arrived.
    const pending = this.state === ProgressState.snapshot ? this.pendingSnapshot : 0
    this.#become(ProgressState.probe)
    this.next = Math.max(this.match, pending) + 1
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
  }

  becomeReplicate(): void {
    this.#become(ProgressState.replicate)
    this.next = this.match + 1
  }

  becomeSnapshot(index: Index): void {
    this.#become(ProgressState.snapshot)
    this.pendingSnapshot = index
    this.next = index + 1
    this.sentCommit = index
  }

  /** An append with so many entries was sent. */
  sentEntries(count: number, bytes: number): void {
    invariant(this.state !== ProgressState.snapshot, 'sending append in unhandled state StateSnapshot')
    if (this.state === ProgressState.probe) {
      if (count > 0) this.paused = true
      return
    }
    if (count > 0) {
      // Optimistic: takes for granted that it arrives.
      this.next += count
      this.inflights.add(this.next - 1, bytes)
    }
    this.paused = this.inflights.isFull
  }

  sentCommitTo(commit: Index): void {
    this.sentCommit = commit
  }

  /** Telling it this commit index would make it commit more. */
  canBumpCommit(commit: Index): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1
  }

  /** Acknowledged up to `index`. False: it was known. */
  maybeUpdate(index: Index): boolean {
    if (index <= this.match) return false
    this.match = index
    this.next = Math.max(this.next, index + 1)
    this.paused = false
    return true
  }

  /** An append after `rejected` was refused; the logs may agree at `hint`. False: the refusal is of the past. */
  maybeDecreaseTo(rejected: Index, hint: Index): boolean {
    if (this.state === ProgressState.snapshot) return false
    if (this.state === ProgressState.replicate) {
      if (rejected <= this.match) return false
      this.next = this.match + 1
    } else {
      if (this.next - 1 !== rejected) return false
      this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1)
      this.paused = false
    }
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
    return true
  }

  toString(): string {
    const { count, isFull } = this.inflights
    let text = `${STATE_NAMES[this.state]} match=${this.match} next=${this.next}`
    if (this.isLearner) text += ' learner'
    if (this.isPaused) text += ' paused'
    if (this.pendingSnapshot > 0) text += ` pendingSnap=${this.pendingSnapshot}`
    if (!this.recentActive) text += ' inactive'
    if (count > 0) text += ` inflight=${count}${isFull ? '[full]' : ''}`
    return text
  }

  #become(state: ProgressState): void {
    this.paused = false
    this.pendingSnapshot = 0
    this.state = state
    this.inflights.reset()
  }
}
