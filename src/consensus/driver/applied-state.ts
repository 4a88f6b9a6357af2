import { reasonOf } from '../../kernel/index.js'
import { decodeConfChange, type Entry, type Message } from '../core/index.js'
import type { GroupPosition, Membership } from '../ports.js'
import { Applier, type ApplyingGroup } from './applier.js'
import { DigestChain } from './digest.js'
import { GroupFailedError } from './errors.js'
import type { Group } from './group.js'
import { afterChange, type Position } from './membership.js'

/** What is applied of one group's log: state machine, members and digest, always at the same index. */
export class AppliedState implements ApplyingGroup {
  readonly digest: DigestChain
  readonly #applier: Applier
  #membership: Membership

  constructor(
    private readonly group: Group,
    position: GroupPosition,
    membership: Membership
  ) {
    this.#membership = membership
    this.digest = new DigestChain(position.index === 0 ? 0 : position.digest)
    this.#applier = new Applier(this, group.machine, { index: position.index, term: position.term })
    this.#useRules()
  }

  get applied(): Position {
    return this.#applier.applied
  }

  get membership(): Membership {
    return this.#membership
  }

  get position(): GroupPosition {
    const { index, term } = this.#applier.applied
    const digest = this.digest.value
    return { index, term, membership: this.#membership, ...(digest === undefined ? {} : { digest }) }
  }

  get isIdle(): boolean {
    return this.#applier.isIdle
  }

  add(round: Message): void {
    this.#applier.add(round)
    this.resume()
  }

  run(untilMs: number): boolean {
    return this.#applier.run(untilMs, this.group.context.now)
  }

  stop(): void {
    this.#applier.stop()
  }

  hold(): Promise<void> {
    return this.#applier.hold()
  }

  release(): void {
    this.#applier.release()
    this.resume()
  }

  /** The state of another node has taken the place of this one's. */
  installed(position: GroupPosition): void {
    const { index, term, membership, digest } = position
    if (membership !== undefined) {
      const { self } = this.#membership
      this.#membership = { ...membership, self }
    }
    this.digest.reset(digest)
    this.#applier.installed({ index, term })
    this.#useRules()
  }

  configure(entry: Entry): void {
    const change = decodeConfChange(entry.data)
    const conf = this.group.node.applyConfChange(entry.index, change)
    const before = this.#membership
    this.#membership = afterChange(before, conf, change)
    if (this.#membership.rules !== before.rules) this.#useRules()
    this.group.membershipChanged(before, entry.index)
  }

  passConfiguration(entry: Entry): void {
    this.group.node.applyConfChange(entry.index, decodeConfChange(entry.data))
  }

  entryApplied(entry: Entry, result: unknown): void {
    const { group } = this
    const { machine } = group
    const stateDigest = machine.stateDigest === undefined ? undefined : () => machine.stateDigest!()
    group.context.metrics.appliedEntries++
    group.pending.applied(entry.index, entry.term, result)
    group.reads.applied(entry.index)
    if (!this.digest.add(entry, stateDigest)) group.digestDiffers(entry.index)
  }

  roundApplied(responses: readonly Message[]): void {
    this.group.roundApplied(responses)
  }

  resume(): void {
    this.group.context.wakeApply(this.group)
  }

  /** An entry that can't be applied would make this replica differ from all others: the group stops here, its neighbours go on. */
  applyFailed(entry: Entry | undefined, cause: unknown): void {
    const { id, logger } = this.group
    const index = entry?.index ?? this.applied.index
    logger.error({ group: id, index, error: cause }, 'replication group stops: an entry can not be applied')
    this.group.stop(
      new GroupFailedError(
        `Replication group ${id} has stopped at log index ${index}: ${reasonOf(cause)}. Restart the node; if it stops again, report this with the log`,
        cause
      )
    )
  }

  /** From the next entry on: they change with an entry, on all members. */
  #useRules(): void {
    const { machine, id } = this.group
    const { rules = 1 } = this.#membership
    const { rulesMax = 1 } = machine
    if (rules > rulesMax) {
      throw new GroupFailedError(
        `Replication group ${id} uses rules ${rules} and this version knows ${rulesMax}: update this node`
      )
    }
    machine.useRules?.(rules)
  }
}
