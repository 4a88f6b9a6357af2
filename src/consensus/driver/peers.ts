import { type Index, Message, MessageType, type NodeId } from '../core/index.js'
import type { Membership } from '../ports.js'
import type { Group } from './group.js'
import { memberById } from './membership.js'

/** What a member tells with its answers to heartbeats. */
export interface PeerReport {
  readonly applied: Index
  /** The newest rules of apply that it knows. */
  readonly rules: number
  readonly heardMs: number
}

/** The other members of one group: what is sent to them and comes from them, and what the driver adds to it. */
export class Peers {
  /** Nodes of members that are not in the table yet: of the leader that a newcomer hears first. */
  readonly #learned = new Map<NodeId, string>()
  readonly #reports = new Map<NodeId, PeerReport>()
  #relaxed: { readonly required: number; readonly untilMs: number } | undefined

  constructor(private readonly group: Group) {
    this.membershipChanged()
  }

  nodeOf(id: NodeId): string | undefined {
    return memberById(this.group.membership, id)?.node ?? this.#learned.get(id)
  }

  idsOn(node: string): NodeId[] {
    return this.group.membership.members.filter(member => member.node === node).map(({ id }) => id)
  }

  learn(id: NodeId, node: string): void {
    if (memberById(this.group.membership, id) === undefined) this.#learned.set(id, node)
  }

  reportOf(id: NodeId): PeerReport | undefined {
    return this.#reports.get(id)
  }

  /** Answered lately. What the core says begins anew with each of its checks. */
  isActive(id: NodeId): boolean {
    if (this.group.node.raft.tracker.progress.get(id)?.recentActive === true) return true
    const { now, timing } = this.group.context
    const heardMs = this.#reports.get(id)?.heardMs
    return heardMs !== undefined && now() - heardMs < timing.maxElectionMs
  }

  /** Active backups that have to have an entry on disk before it is committed, unless an operator said fewer. */
  get gateRequired(): number {
    const { gate = [] } = this.group.membership
    const required = Math.min(this.group.context.minActiveBackups, gate.length)
    const relaxed = this.#relaxed
    return relaxed === undefined ? required : Math.min(required, relaxed.required)
  }

  relaxGate(required: number, untilMs: number): void {
    this.#relaxed = { required, untilMs }
    this.#setGate()
  }

  checkRelaxed(nowMs: number): void {
    if (this.#relaxed === undefined || (this.group.isLeader && nowMs < this.#relaxed.untilMs)) return
    this.#relaxed = undefined
    this.#setGate()
  }

  membershipChanged(): void {
    const { members } = this.group.membership
    for (const { id } of members) this.#learned.delete(id)
    for (const id of this.#reports.keys()) {
      if (!members.some(member => member.id === id)) this.#reports.delete(id)
    }
    this.#setGate()
  }

  /** A message that came in: what is meant for the driver is taken out, the rest is the core's. */
  step(message: Message): void {
    const { group } = this
    if (isRemovalNotice(message)) {
      if (!this.#isStale(message)) group.removedFromGroup()
      return
    }
    const { removed = [] } = group.membership
    if (removed.includes(message.from)) {
      this.#sendRemovalNotice(message.from, group.state.applied.index)
      return
    }
    if (message.type === MessageType.heartbeat) this.#compareDigest(message)
    else if (message.type === MessageType.heartbeatResponse) this.#noteReport(message)
    if (group.failure === undefined) group.node.step(message)
  }

  send(message: Message): void {
    const { group } = this
    if (message.type === MessageType.snapshot) {
      group.snapshots.send(message)
      return
    }
    if (message.type === MessageType.heartbeat) this.#attachDigest(message)
    else if (message.type === MessageType.heartbeatResponse) this.#attachReport(message)
    const node = this.nodeOf(message.to)
    if (node === undefined) group.context.metrics.misdirectedMessages++
    else group.context.outbox.add(node, group.id, message)
  }

  /** Whoever leads tells those that were removed: they get nothing of the log any more, and would stand for election for ever. */
  tellRemoved(before: Membership, index: Index): void {
    if (!this.group.isLeader) return
    const { members } = this.group.membership
    for (const { id, node } of before.members) {
      if (id === this.group.self || members.some(member => member.id === id)) continue
      this.#learned.set(id, node)
      this.#sendRemovalNotice(id, index)
    }
  }

  /** What is applied, and what every active member has, nobody will ask for soon. */
  settleLog(): void {
    const { group } = this
    const applied = group.state.applied.index
    let needless = applied
    if (group.isLeader) {
      for (const [id, { match }] of group.node.raft.tracker.progress) {
        if (id !== group.self && this.isActive(id)) needless = Math.min(needless, match)
      }
    }
    group.view.settle(applied, needless)
  }

  #setGate(): void {
    const { gate = [] } = this.group.membership
    this.group.node.setGate({ members: gate, required: this.gateRequired })
  }

  #compareDigest({ index, context }: Message): void {
    if (index > 0 && !this.group.state.digest.expect(index, context)) this.group.digestDiffers(index)
  }

  #attachDigest(message: Message): void {
    const { newest } = this.group.state.digest
    if (newest === undefined) return
    message.index = newest.index
    message.context = newest.digest
  }

  #noteReport({ from, index, context }: Message): void {
    this.#reports.set(from, {
      applied: index,
      rules: Math.max(1, context),
      heardMs: this.group.context.now()
    })
  }

  #attachReport(message: Message): void {
    const { rulesMax = 1 } = this.group.machine
    message.index = this.group.state.applied.index
    message.context = rulesMax
  }

  #sendRemovalNotice(to: NodeId, index: Index): void {
    const notice = new Message(MessageType.preVoteResponse, to, this.group.self)
    notice.term = this.group.node.hardState.term
    notice.reject = true
    notice.force = true
    notice.index = index
    this.send(notice)
  }

  /** Of a removal before this member joined: it can't be meant. */
  #isStale({ index }: Message): boolean {
    return (
      index <= this.group.node.raft.confIndex &&
      memberById(this.group.membership, this.group.self) !== undefined
    )
  }
}

/** A denial that is also forced: no member says so to another in an election. */
function isRemovalNotice({ type, reject, force }: Message): boolean {
  return type === MessageType.preVoteResponse && reject && force
}
