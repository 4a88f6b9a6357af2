import { isMember, Message, MessageType, Role } from '../core/index.js'
import type { GroupPosition, StateSink } from '../ports.js'
import type { TransferHeader } from '../transfer/index.js'
import { MembershipError } from './errors.js'
import type { Group } from './group.js'
import { until } from './waiting.js'

/** How long an install waits for earlier writes of the group. */
const STORED_WITHIN_MS = 60_000

/** A leader's state takes the place of this node's: checked when it is offered, and again right before it is installed. */
export class StateInstall {
  constructor(
    private readonly group: Group,
    private readonly header: TransferHeader
  ) {}

  async accept(position: GroupPosition): Promise<StateSink> {
    this.#check(position)
    const { transfer } = this.group.machine
    if (transfer === undefined) throw refusal(`group ${this.group.id} can't take a state`)
    return transfer.openSink()
  }

  /** Nothing is applied and the core is told nothing else from the last check until it knows of the new state. */
  async run(commit: () => Promise<void>, position: GroupPosition): Promise<void> {
    const { group } = this
    await this.#termIsStored()
    await group.hold()
    try {
      this.#check(position)
      await commit()
      group.installed(position)
      this.#tellCore(position)
    } finally {
      group.release()
    }
  }

  /**
   * A member whose log knows a lower term than its state has lost its log, and is refused at the next start: so the term goes to
   * the log first.
   */
  async #termIsStored(): Promise<void> {
    const { group, header } = this
    const isStored = () => group.node.hardState.term >= header.term && !group.context.writer.hasPending(group)
    if (!(await until(group, STORED_WITHIN_MS, isStored)))
      throw refusal('the term could not be stored in time')
  }

  /** A core that ignored the message would go on with another state than the state machine has (design of etcd's restore; S14). */
  #check(position: GroupPosition): void {
    const { index, term, membership } = position
    const { group, header } = this
    const { raft } = group.node
    if (group.failure !== undefined) throw group.failure
    if (header.to !== group.self) throw refusal(`member ${header.to} is not here`)
    if (header.term < raft.term) throw refusal(`term ${header.term} is over, this is term ${raft.term}`)
    if (raft.role !== Role.follower) throw refusal('this node is no follower')
    if (membership === undefined || !isMember(membership.conf, group.self))
      throw refusal('this node is no member in that state')
    const { rulesMax = 1 } = group.machine
    if ((membership.rules ?? 1) > rulesMax)
      throw refusal(`it follows rules ${membership.rules}, this version knows ${rulesMax}`)
    if (index <= raft.log.committed || raft.log.matches(index, term)) {
      // Its core answers how far it is: the leader, who does not know, would offer the same state for ever.
      this.#tellCore(position)
      throw refusal(`this node has ${raft.log.committed} entries itself`)
    }
  }

  #tellCore({ index, term, membership }: GroupPosition): void {
    const { from, to } = this.header
    const message = new Message(MessageType.snapshot, to, from)
    message.term = this.header.term
    message.snapshot = { index, term, conf: membership!.conf }
    this.group.tell(core => core.step(message))
  }
}

function refusal(reason: string): MembershipError {
  return new MembershipError('AXONIQ-10001', `the state is not taken: ${reason}`)
}
