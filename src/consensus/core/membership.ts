import { Changer } from './changer.js'
import { type ConfChange, encodeConfChange, entersJoint, isLeave, LEAVE_JOINT } from './conf-change.js'
import { Message, MessageType } from './message.js'
import type { Raft } from './raft.js'
import { answerConfirmed, releaseEarlyReads } from './reads.js'
import { broadcastAppend, maybeCommit, maybeSendAppend } from './replication.js'
import { restoreConfig } from './restore.js'
import { type ConfState, EntryKind, type Index, isMember, NONE, Role, type SnapshotMeta } from './types.js'

/** A configuration entry is applied. Entries that an installed snapshot already contains change nothing (run 20514). */
export function applyConfChange(raft: Raft, index: Index, change: ConfChange): ConfState {
  if (index <= raft.confIndex) return raft.tracker.config.toConfState()
  const changer = new Changer(raft.tracker, raft.log.lastIndex)
  if (isLeave(change)) raft.tracker = changer.leaveJoint()
  else if (entersJoint(change)) raft.tracker = changer.enterJoint(change)
  else raft.tracker = changer.simple(change.changes)
  raft.confIndex = index
  return switchToConfig(raft)
}

/** The tracker holds a new configuration: takes the consequences. */
export function switchToConfig(raft: Raft): ConfState {
  const { tracker } = raft
  raft.trace.info(() => `${raft.hex} switched to configuration ${tracker.config}`)
  const conf = tracker.config.toConfState()
  const own = tracker.progress.get(raft.id)
  raft.isLearner = own?.isLearner ?? false
  if (raft.role !== Role.leader) return conf
  if (own === undefined || own.isLearner) {
    // Removed or demoted: it would lead without being counted (etcd #11038).
    if (raft.options.stepDownOnRemoval) raft.becomeFollower(raft.term, NONE)
    return conf
  }
  if (conf.voters.length === 0) return conf
  // Fewer may be needed now: what waited can be committed at once.
  if (maybeCommit(raft)) {
    releaseEarlyReads(raft)
    broadcastAppend(raft)
  } else {
    for (const id of tracker.ids) if (id !== raft.id) maybeSendAppend(raft, id, false)
  }
  answerConfirmed(raft)
  if (raft.leadTransferee !== NONE && !tracker.voterIds().includes(raft.leadTransferee)) raft.abortTransfer()
  return conf
}

/** Whoever leads when the joint entry is applied proposes to leave the joint configuration. */
export function completeAutoLeave(raft: Raft): void {
  const { config } = raft.tracker
  if (!config.autoLeave || raft.role !== Role.leader || raft.log.applied < raft.pendingConfIndex) return
  const leave = new Message(MessageType.propose, NONE, raft.id)
  leave.entries = [{ index: 0, term: 0, kind: EntryKind.confChange, data: encodeConfChange(LEAVE_JOINT) }]
  const error = raft.step(leave)
  if (error === undefined) {
    raft.trace.info(() => `initiating automatic transition out of joint configuration ${config}`)
  } else {
    raft.trace.debug(
      () => `not initiating automatic transition out of joint configuration ${config}: raft proposal dropped`
    )
  }
}

/** Replaces log and configuration by a snapshot's. False: it is older than the log, or not for this node. */
export function restoreSnapshot(raft: Raft, snapshot: SnapshotMeta): boolean {
  const { index, term, conf } = snapshot
  if (index <= raft.log.committed) return false
  if (raft.role !== Role.follower) {
    raft.trace.warn(() => `${raft.hex} attempted to restore snapshot as leader; should never happen`)
    raft.becomeFollower(raft.term + 1, NONE)
    return false
  }
  if (!isMember(conf, raft.id)) {
    raft.trace.warn(
      () =>
        `${raft.hex} attempted to restore snapshot but it is not in the ConfState ${describeConfState(conf)}; should never happen`
    )
    return false
  }
  if (raft.log.matches(index, term)) {
    const { committed, lastIndex, lastTerm } = raft.log
    raft.trace.info(
      () =>
        `${raft.hex} [commit: ${committed}, lastindex: ${lastIndex}, lastterm: ${lastTerm}] fast-forwarded commit to snapshot [index: ${index}, term: ${term}]`
    )
    raft.log.commitTo(index)
    return false
  }
  raft.log.restore(snapshot)
  raft.tracker = restoreConfig(conf, raft.log.lastIndex, raft.options)
  raft.confIndex = index
  switchToConfig(raft)
  const own = raft.tracker.progress.get(raft.id)!
  own.maybeUpdate(own.next - 1)
  const { committed, lastIndex, lastTerm } = raft.log
  raft.trace.info(
    () =>
      `${raft.hex} [commit: ${committed}, lastindex: ${lastIndex}, lastterm: ${lastTerm}] restored snapshot [index: ${index}, term: ${term}]`
  )
  return true
}

export function describeConfState(conf: ConfState): string {
  const { voters, outgoing, learners, learnersNext, autoLeave } = conf
  return `Voters:[${voters.join(' ')}] VotersOutgoing:[${outgoing.join(' ')}] Learners:[${learners.join(' ')}] LearnersNext:[${learnersNext.join(' ')}] AutoLeave:${autoLeave}`
}
