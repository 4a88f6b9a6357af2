import type { Progress } from '../progress.js'
import type { Raft } from '../raft.js'
import { sendAppend, sendTimeoutNow } from '../replication.js'
import { NONE, type NodeId } from '../types.js'

/** Raft dissertation §3.10. Proposals are refused until it ends, so that the target can catch up. */
export function handleTransfer(raft: Raft, target: NodeId, progress: Progress): void {
  if (progress.isLearner) {
    raft.trace.debug(() => `${raft.hex} is learner. Ignored transferring leadership`)
    return
  }
  if (!progress.recentActive) {
    raft.trace.debug(
      () => `${raft.hex} has not heard from ${target.toString(16)}. Ignored transferring leadership`
    )
    return
  }
  if (!replacePrevious(raft, target)) return
  if (target === raft.id) {
    raft.trace.debug(() => `${raft.hex} is already leader. Ignored transferring leadership to self`)
    return
  }
  const name = target.toString(16)
  raft.trace.info(() => `${raft.hex} [term ${raft.term}] starts to transfer leadership to ${name}`)
  // It should be over within one election timeout.
  raft.electionElapsed = 0
  raft.leadTransferee = target
  raft.lease.end()
  if (progress.match === raft.log.lastIndex) {
    sendTimeoutNow(raft, target)
    raft.trace.info(
      () => `${raft.hex} sends MsgTimeoutNow to ${name} immediately as ${name} already has up-to-date log`
    )
  } else {
    sendAppend(raft, target)
  }
}

/** False: the same transfer runs already, and its time limit does not begin again. */
function replacePrevious(raft: Raft, target: NodeId): boolean {
  const previous = raft.leadTransferee
  if (previous === NONE) return true
  if (previous === target) {
    raft.trace.info(
      () =>
        `${raft.hex} [term ${raft.term}] transfer leadership to ${target.toString(16)} is in progress, ignores request to same node ${target.toString(16)}`
    )
    return false
  }
  raft.abortTransfer()
  raft.trace.info(
    () => `${raft.hex} [term ${raft.term}] abort previous transferring leadership to ${previous.toString(16)}`
  )
  return true
}

/** The target has everything now. */
export function checkTransfer(raft: Raft, from: NodeId, progress: Progress): void {
  if (from !== raft.leadTransferee || progress.match !== raft.log.lastIndex) return
  raft.trace.info(() => `${raft.hex} sent MsgTimeoutNow to ${from.toString(16)} after received MsgAppResp`)
  sendTimeoutNow(raft, from)
}
