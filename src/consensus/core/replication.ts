import { invariant } from './invariant.js'
import { Message, MessageType, NO_ENTRIES } from './message.js'
import { type Progress, ProgressState } from './progress.js'
import type { Raft } from './raft.js'
import { type Entry, type Index, isMember, type NodeId, payloadSize } from './types.js'

export function broadcastAppend(raft: Raft): void {
  for (const id of raft.tracker.ids) if (id !== raft.id) sendAppend(raft, id)
}

/**
 * The commit of a lone entry may be held back. Of several, peers had better hear at once, and apply them while they wait for more;
 * and of a change that removes the leader it must not be the only one to know.
 */
export function announceCommit(raft: Raft, before: Index): void {
  const { options, log } = raft
  const isLone = log.committed === before + 1 && log.committed === log.lastIndex
  if (!options.holdsCommits || !isLone || log.hasUnappliedConfChange) broadcastAppend(raft)
}

/** To peers that were sent entries and not yet that everything up to `index` is committed; how many were told. */
export function tellCommit(raft: Raft, index: Index): number {
  let told = 0
  for (const [id, progress] of raft.tracker.progress) {
    if (id !== raft.id && progress.canBumpCommit(index) && maybeSendAppend(raft, id, true)) told++
  }
  return told
}

export function sendAppend(raft: Raft, to: NodeId): void {
  maybeSendAppend(raft, to, true)
}

/** As long as the peer's state lets more entries go. */
export function sendAllAppends(raft: Raft, to: NodeId): void {
  while (maybeSendAppend(raft, to, false)) {}
}

/**
 * Sends the entries that the peer lacks, or the snapshot when they are gone (Raft §5.3, §7). An empty append tells it the commit
 * index, or asks where the logs agree. False: nothing was sent.
 */
export function maybeSendAppend(raft: Raft, to: NodeId, sendIfEmpty: boolean): boolean {
  const progress = raft.tracker.progress.get(to)
  if (progress === undefined || progress.isPaused) return false
  const previous = progress.next - 1
  const previousTerm = raft.log.term(previous)
  if (previousTerm === undefined || progress.next < raft.log.firstIndex) {
    return maybeSendSnapshot(raft, to, progress)
  }
  const entries = nextEntries(raft, progress)
  if (entries.length === 0 && !sendIfEmpty) return false
  const append = new Message(MessageType.append, to)
  append.index = previous
  append.logTerm = previousTerm
  append.entries = entries
  append.commit = raft.log.committed
  raft.send(append)
  progress.sentEntries(entries.length, payloadSize(entries))
  progress.sentCommitTo(raft.log.committed)
  return true
}

function nextEntries(raft: Raft, progress: Progress): readonly Entry[] {
  if (progress.state === ProgressState.replicate && progress.inflights.isFull) return NO_ENTRIES
  const { messageBytesMax, messageEntriesMax } = raft.options
  const entries = raft.log.entries(progress.next, messageBytesMax)
  progress.loading = entries === undefined
  if (entries === undefined) return NO_ENTRIES
  return entries.length > messageEntriesMax ? entries.slice(0, messageEntriesMax) : entries
}

/** Peers that waited for entries from disk. */
export function resumeLoaded(raft: Raft): void {
  for (const id of raft.tracker.ids) {
    const progress = raft.tracker.progress.get(id)!
    if (!progress.loading || id === raft.id) continue
    progress.loading = false
    sendAllAppends(raft, id)
  }
}

function maybeSendSnapshot(raft: Raft, to: NodeId, progress: Progress): boolean {
  if (!progress.recentActive) {
    raft.trace.debug(() => `ignore sending snapshot to ${to.toString(16)} since it is not recently active`)
    return false
  }
  const snapshot = raft.log.snapshot(to)
  // One that is older than the peer's own joining would be refused, and the group could wait for it for ever.
  if (snapshot === undefined || !isMember(snapshot.conf, to)) {
    raft.trace.debug(
      () =>
        `${raft.hex} failed to send snapshot to ${to.toString(16)} because snapshot is temporarily unavailable`
    )
    return false
  }
  invariant(snapshot.index > 0, 'need non-empty snapshot')
  const { firstIndex, committed } = raft.log
  raft.trace.debug(
    () =>
      `${raft.hex} [firstindex: ${firstIndex}, commit: ${committed}] sent snapshot[index: ${snapshot.index}, term: ${snapshot.term}] to ${to.toString(16)} [${progress}]`
  )
  progress.becomeSnapshot(snapshot.index)
  raft.trace.debug(
    () => `${raft.hex} paused sending replication messages to ${to.toString(16)} [${progress}]`
  )
  const message = new Message(MessageType.snapshot, to)
  message.snapshot = snapshot
  raft.send(message)
  return true
}

/** Never more than the peer is known to have: it would commit entries that it holds from somebody else. */
export function broadcastHeartbeat(raft: Raft): void {
  if (raft.options.leaseReads) raft.lease.roundSent(raft.reads.startRound())
  for (const id of raft.tracker.ids) {
    if (id === raft.id) continue
    const progress = raft.tracker.progress.get(id)!
    const heartbeat = new Message(MessageType.heartbeat, id)
    heartbeat.commit = Math.min(progress.match, raft.log.committed)
    heartbeat.readSequence = raft.reads.lastSequence
    raft.send(heartbeat)
    progress.sentCommitTo(heartbeat.commit)
  }
}

/**
 * Raft §5.4.2: an entry is committed by counting only if it is of this leader's term; what is below follows. The test is made on
 * what the quorum has, before the gate lowers it: a gate that lags in old terms would otherwise block without need.
 */
export function maybeCommit(raft: Raft): boolean {
  const quorum = raft.tracker.committed()
  if (quorum <= raft.log.committed || raft.log.term(quorum) !== raft.term) return false
  const index: Index = Math.min(
    quorum,
    raft.gate.index(id => raft.tracker.progress.get(id)?.match ?? 0)
  )
  if (index <= raft.log.committed) return false
  raft.log.commitTo(index)
  return true
}

export function sendTimeoutNow(raft: Raft, to: NodeId): void {
  raft.send(new Message(MessageType.timeoutNow, to))
}
