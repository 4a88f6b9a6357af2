import { decodeConfChange, describeConfChange } from '../conf-change.js'
import { invariant } from '../invariant.js'
import { type Message, MessageType } from '../message.js'
import { type Progress, ProgressState } from '../progress.js'
import type { Raft, StepError } from '../raft.js'
import { confirmReads, handleReadIndex, releaseEarlyReads } from '../reads.js'
import {
  announceCommit,
  broadcastAppend,
  broadcastHeartbeat,
  maybeCommit,
  sendAllAppends,
  sendAppend
} from '../replication.js'
import { type Entry, EntryKind, NONE } from '../types.js'
import { checkTransfer, handleTransfer } from './transfer.js'

export function stepLeader(raft: Raft, message: Message): StepError | undefined {
  switch (message.type) {
    case MessageType.beat:
      broadcastHeartbeat(raft)
      return undefined
    case MessageType.checkQuorum:
      checkQuorum(raft)
      return undefined
    case MessageType.propose:
      return handleProposal(raft, message)
    case MessageType.readIndex:
      return handleReadIndex(raft, message)
    case MessageType.forgetLeader:
      return undefined
    default:
      return stepFromPeer(raft, message)
  }
}

function stepFromPeer(raft: Raft, message: Message): StepError | undefined {
  const progress = raft.tracker.progress.get(message.from)
  if (progress === undefined) {
    raft.trace.debug(() => `${raft.hex} no progress available for ${message.from.toString(16)}`)
    return undefined
  }
  switch (message.type) {
    case MessageType.appendResponse:
      handleAppendResponse(raft, message, progress)
      break
    case MessageType.heartbeatResponse:
      handleHeartbeatResponse(raft, message, progress)
      break
    case MessageType.snapshotStatus:
      handleSnapshotStatus(raft, message, progress)
      break
    case MessageType.unreachable:
      handleUnreachable(raft, message, progress)
      break
    case MessageType.transferLeader:
      handleTransfer(raft, message.from, progress)
      break
  }
  return undefined
}

/** A leader that no majority answers may already be replaced: it must not keep its clients waiting (Raft dissertation §6.2). */
function checkQuorum(raft: Raft): void {
  if (!raft.tracker.quorumActive()) {
    raft.trace.warn(() => `${raft.hex} stepped down to follower since quorum is not active`)
    raft.becomeFollower(raft.term, NONE)
  }
  for (const [id, progress] of raft.tracker.progress) if (id !== raft.id) progress.recentActive = false
}

function handleProposal(raft: Raft, { entries }: Message): StepError | undefined {
  invariant(entries.length > 0, () => `${raft.hex} stepped empty MsgProp`)
  // Not a member any more: it must not add to a log of others.
  if (!raft.tracker.progress.has(raft.id)) return 'dropped'
  if (raft.leadTransferee !== NONE) {
    raft.trace.debug(
      () =>
        `${raft.hex} [term ${raft.term}] transfer leadership to ${raft.leadTransferee.toString(16)} is in progress; dropping proposal`
    )
    return 'dropped'
  }
  const pendingBefore = raft.pendingConfIndex
  const accepted = entries.map((entry, i) =>
    entry.kind === EntryKind.normal ? entry : admitConfChange(raft, entry, i)
  )
  if (!raft.appendEntries(accepted)) {
    raft.pendingConfIndex = pendingBefore
    return 'dropped'
  }
  broadcastAppend(raft)
  return undefined
}

/** One change at a time (Raft dissertation §4.1): one that may not come now becomes an empty entry. */
function admitConfChange(raft: Raft, entry: Entry, position: number): Pick<Entry, 'kind' | 'data'> {
  const change = decodeConfChange(entry.data)
  const refusal = refuseConfChange(raft, change.changes.length === 0)
  if (refusal === undefined || !raft.options.validateConfChanges) {
    raft.pendingConfIndex = raft.log.lastIndex + position + 1
    return entry
  }
  raft.trace.info(
    () =>
      `${raft.hex} ignoring conf change ${describeConfChange(change)} at config ${raft.tracker.config}: ${refusal}`
  )
  return { kind: EntryKind.normal, data: Buffer.alloc(0) }
}

function refuseConfChange(raft: Raft, isLeave: boolean): string | undefined {
  const isJoint = raft.tracker.config.outgoing.size > 0
  if (raft.pendingConfIndex > raft.log.applied) {
    return `possible unapplied conf change at index ${raft.pendingConfIndex} (applied to ${raft.log.applied})`
  }
  if (isJoint && !isLeave) return 'must transition out of joint config first'
  if (!isJoint && isLeave) return 'not in joint state; refusing empty conf change'
  return undefined
}

function handleAppendResponse(raft: Raft, response: Message, progress: Progress): void {
  progress.recentActive = true
  if (response.reject) backtrack(raft, response, progress)
  else acknowledge(raft, response, progress)
}

/** Raft §5.3: looks further back for the place where the logs agree. */
function backtrack(raft: Raft, { from, index, hint, logTerm }: Message, progress: Progress): void {
  raft.trace.debug(
    () =>
      `${raft.hex} received MsgAppResp(rejected, hint: (index ${hint}, term ${logTerm})) from ${from.toString(16)} for index ${index}`
  )
  const probe = logTerm > 0 ? raft.log.findConflictByTerm(hint, logTerm).index : hint
  if (!progress.maybeDecreaseTo(index, probe)) return
  raft.trace.debug(() => `${raft.hex} decreased progress of ${from.toString(16)} to [${progress}]`)
  if (progress.state === ProgressState.replicate) progress.becomeProbe()
  sendAppend(raft, from)
}

function acknowledge(raft: Raft, { from, index }: Message, progress: Progress): void {
  const isNews = progress.maybeUpdate(index)
  if (!isNews && !(progress.match === index && progress.state === ProgressState.probe)) return
  resumeAfterAcknowledge(raft, from, index)
  const isOther = from !== raft.id
  const before = raft.log.committed
  if (maybeCommit(raft)) {
    releaseEarlyReads(raft)
    announceCommit(raft, before)
  } else if (isOther && !raft.options.holdsCommits && progress.canBumpCommit(raft.log.committed)) {
    sendAppend(raft, from)
  }
  if (!isOther) return
  sendAllAppends(raft, from)
  checkTransfer(raft, from, progress)
}

function resumeAfterAcknowledge(raft: Raft, from: number, index: number): void {
  const progress = raft.tracker.progress.get(from)!
  if (progress.state === ProgressState.probe) progress.becomeReplicate()
  else if (progress.state === ProgressState.replicate) progress.inflights.freeTo(index)
  else if (progress.match + 1 >= raft.log.firstIndex) {
    // Also below the pending snapshot: plain entries reach it now, wherever it got the rest from.
    raft.trace.debug(
      () =>
        `${raft.hex} recovered from needing snapshot, resumed sending replication messages to ${from.toString(16)} [${progress}]`
    )
    progress.becomeProbe()
    progress.becomeReplicate()
  }
}

function handleHeartbeatResponse(raft: Raft, { from, readSequence }: Message, progress: Progress): void {
  progress.recentActive = true
  progress.paused = false
  // Also finds out about appends that got lost.
  if (progress.match < raft.log.lastIndex || progress.state === ProgressState.probe) sendAppend(raft, from)
  confirmReads(raft, from, readSequence)
}

function handleSnapshotStatus(raft: Raft, { from, reject }: Message, progress: Progress): void {
  if (progress.state !== ProgressState.snapshot) return
  if (reject) progress.pendingSnapshot = 0
  progress.becomeProbe()
  const outcome = reject ? 'failed' : 'succeeded'
  raft.trace.debug(
    () =>
      `${raft.hex} snapshot ${outcome}, resumed sending replication messages to ${from.toString(16)} [${progress}]`
  )
  // Waits for the peer's acknowledgement of what it installed, or for the next heartbeat.
  progress.paused = true
}

function handleUnreachable(raft: Raft, { from }: Message, progress: Progress): void {
  // What was sent optimistically is probably lost.
  if (progress.state === ProgressState.replicate) progress.becomeProbe()
  raft.trace.debug(
    () => `${raft.hex} failed to send message to ${from.toString(16)} because it is unreachable [${progress}]`
  )
}
