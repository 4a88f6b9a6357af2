import { StorageFullError } from '../../storage/index.js'
import type { Entry, HardState, Message, RawNode } from '../core/index.js'
import { NONE } from '../core/index.js'
import type { Group } from './group.js'

/** What goes into one group's core, and what comes out of it: to the log, to peers, to the state machine. */
export class CoreIo {
  #inbox: Message[] = []
  /** Answers of storage and state machine. */
  #local: Message[] = []
  #hard: HardState

  constructor(
    private readonly group: Group,
    private readonly node: RawNode,
    hardState: HardState,
    /** The founding members, until they go to the log with the first thing that does. */
    private founding: readonly Entry[]
  ) {
    this.#hard = hardState
  }

  get isBusy(): boolean {
    return this.#local.length > 0
  }

  /** False: it was dropped. */
  receive(message: Message): boolean {
    if (this.#inbox.length >= this.group.context.limits.inboxMessagesMax) return false
    this.#inbox.push(message)
    return true
  }

  /** The core's own responses go back to it, the others to its peers. */
  deliver(responses: readonly Message[]): void {
    for (const response of responses) {
      if (response.to === this.group.self) this.#local.push(response)
      else this.group.peers.send(response)
    }
  }

  clear(): void {
    this.#inbox = []
    this.#local = []
  }

  /** True: there is more. */
  turn(untilMs: number): boolean {
    if (this.#stepLocal()) this.group.changed()
    const isMore = this.#stepInbox(untilMs)
    this.#propose()
    if (this.group.reads.hasQuestion && this.group.hasLeader) this.group.reads.ask(this.node)
    this.#takeReady()
    return isMore
  }

  writeFounding(): void {
    if (this.founding.length === 0) return
    this.#hard = this.node.hardState
    this.group.context.writer.write(this.group, this.#hard, { entries: this.founding, responses: [] })
    this.founding = []
  }

  /** True: there was something. */
  #stepLocal(): boolean {
    if (this.#local.length === 0) return false
    while (this.#local.length > 0) {
      const responses = this.#local
      this.#local = []
      for (const response of responses) this.node.step(response)
    }
    return true
  }

  #stepInbox(untilMs: number): boolean {
    const { limits, now } = this.group.context
    let count = 0
    while (count < this.#inbox.length && count < limits.sliceMessagesMax) {
      this.group.peers.step(this.#inbox[count++]!)
      if (count % 8 === 0 && now() >= untilMs) break
    }
    this.#inbox = count === this.#inbox.length ? [] : this.#inbox.slice(count)
    return this.#inbox.length > 0
  }

  #propose(): void {
    const { pending, isLeader } = this.group
    const { waiting } = pending
    if (waiting.length === 0) return
    const { raft } = this.node
    if (!isLeader) {
      // Soon it is known who leads now: that helps the proposers more than an answer at once.
      if (this.group.hasLeader) pending.refuseWaiting(() => this.group.notLeader())
      return
    }
    const { refusal } = this.group.context.writer
    if (refusal !== undefined) {
      pending.refuseWaiting(() => new StorageFullError(refusal.message))
      return
    }
    // While leadership is handed over, what comes waits: it goes on here when that fails.
    if (raft.leadTransferee !== NONE) return
    const count = this.#countThatFits()
    if (count === 0) return
    const taken = count === waiting.length ? waiting : waiting.slice(0, count)
    const first = raft.log.lastIndex + 1
    if (this.node.propose(taken.map(proposal => proposal.data)) === undefined)
      pending.taken(count, first, raft.term)
  }

  /** As many as the batch to the log and the bound of uncommitted bytes still take; one always goes when nothing else does. */
  #countThatFits(): number {
    const { writer, limits } = this.group.context
    const { uncommittedBytes, options } = this.node.raft
    const isEmpty = uncommittedBytes === 0 && writer.fillingBytes === 0
    const room = Math.min(
      limits.batchBytesMax - writer.fillingBytes,
      options.uncommittedBytesMax - uncommittedBytes
    )
    let bytes = 0
    let count = 0
    for (const { data } of this.group.pending.waiting) {
      bytes += data.length
      if (bytes > room && !(isEmpty && count === 0)) break
      count++
    }
    return count
  }

  #takeReady(): void {
    const { group, node } = this
    const { commit } = this.#hard
    while (node.hasReady()) {
      const ready = node.ready()
      if (ready.soft !== undefined) group.roleChanged(ready.soft)
      for (const read of ready.reads) group.reads.confirm(read, group.state.applied.index)
      for (const message of ready.messages) group.peers.send(message)
      if (ready.append !== undefined) this.#store(ready.append)
      if (ready.apply !== undefined) group.state.add(ready.apply)
      this.#stepLocal()
    }
    group.context.commitNotices.note(group, commit)
  }

  /**
   * A commit index alone is not written: it comes with the next entries, whole (guard c). What only promises that earlier writes
   * are on disk waits for those.
   */
  #store(append: Message): void {
    const { group } = this
    const { writer } = group.context
    const hard = this.node.hardState
    if (append.snapshot !== undefined) group.snapshots.replaceLog(append.snapshot)
    group.view.put(append.entries)
    const isPromise = hard.term !== this.#hard.term || hard.vote !== this.#hard.vote
    this.#hard = hard
    if (isPromise || append.entries.length > 0 || append.snapshot !== undefined) {
      this.writeFounding()
      writer.write(group, hard, append)
    } else if (append.responses.length > 0 && !writer.joinPending(group, append.responses)) {
      this.deliver(append.responses)
    }
  }
}
