import type {
  GroupAppend,
  HardState,
  LogCheckpoint,
  LogEntry,
  RecoveredGroup
} from '../../../src/storage/index.js'
import { ForwardingLog } from './forwarding-log.js'

/** Says that a batch is on disk when it has only been handed over. */
export class EagerLog extends ForwardingLog {
  override append(batch: readonly GroupAppend[]): Promise<void> {
    this.inner.append(batch).catch(() => {})
    return Promise.resolve()
  }
}

/** Does not write what brings no entries: a vote or a term alone. */
export class ForgetfulLog extends ForwardingLog {
  override append(batch: readonly GroupAppend[]): Promise<void> {
    const kept = batch.filter(({ entries }) => entries.length > 0)
    return kept.length === 0 ? Promise.resolve() : this.inner.append(kept)
  }
}

/** Comes back without its votes. */
export class VotelessLog extends ForwardingLog {
  override hardState(group: number): HardState | undefined {
    const stored = this.inner.hardState(group)
    return stored === undefined ? undefined : { ...stored, vote: 0 }
  }
}

/** Comes back without the last entry above the commit index, and gives its index to another. */
export class ShortLog extends ForwardingLog {
  readonly #ends = new Map<number, number>()

  override async open(checkpoints: ReadonlyMap<number, LogCheckpoint>): Promise<readonly RecoveredGroup[]> {
    const recovered = await this.inner.open(checkpoints)
    for (const { group, lastIndex, firstIndex, hardState } of recovered) {
      const oldest = Math.max(firstIndex, hardState.commit + 1)
      if (lastIndex >= oldest) this.#ends.set(group, lastIndex - 1)
    }
    return recovered
  }

  override append(batch: readonly GroupAppend[]): Promise<void> {
    for (const { group, entries } of batch) if (entries.length > 0) this.#ends.delete(group)
    return this.inner.append(batch)
  }

  override lastIndex(group: number): number {
    return this.#ends.get(group) ?? this.inner.lastIndex(group)
  }

  override term(group: number, index: number): number | undefined {
    return index > this.lastIndex(group) ? undefined : this.inner.term(group, index)
  }

  override entries(group: number, from: number, to: number, bytesMax: number): Promise<readonly LogEntry[]> {
    return this.inner.entries(group, from, Math.min(to, this.lastIndex(group)), bytesMax)
  }
}

/** Writes entries without what of the hard state they come with: the state of the batch before. */
export class LaggingLog extends ForwardingLog {
  readonly #before = new Map<number, HardState>()

  override append(batch: readonly GroupAppend[]): Promise<void> {
    return this.inner.append(
      batch.map(part => {
        const hardState =
          part.entries.length > 0 ? (this.#before.get(part.group) ?? part.hardState) : part.hardState
        this.#before.set(part.group, part.hardState)
        return { ...part, hardState }
      })
    )
  }
}
