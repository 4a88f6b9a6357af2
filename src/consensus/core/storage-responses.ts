import type { Message } from './message.js'
import type { Raft } from './raft.js'
import { type Entry, entrySize, payloadSize, type SnapshotMeta } from './types.js'

/** A write to the log, or of a state, is on disk. */
export function stored(raft: Raft, { index, logTerm, snapshot }: Message): void {
  if (index !== 0) raft.log.stableTo(index, logTerm)
  if (snapshot !== undefined) installed(raft, snapshot)
}

export function installed(raft: Raft, { index }: SnapshotMeta): void {
  raft.log.stableSnapshotTo(index)
  raft.appliedTo(index, 0)
}

export function applied(raft: Raft, entries: readonly Entry[]): void {
  const last = entries.at(-1)
  if (last === undefined) return
  let bytes = 0
  for (const entry of entries) bytes += entrySize(entry)
  raft.appliedTo(last.index, bytes)
  raft.uncommittedBytes = Math.max(0, raft.uncommittedBytes - payloadSize(entries))
}
