import {
  Consensus,
  type ConsensusOptions,
  type GroupPosition,
  type Membership,
  type StateMachine
} from '../../src/consensus/index.js'

/** Gives every group that is new on this node its founding members. */
export class FoundedConsensus extends Consensus {
  constructor(
    options: ConsensusOptions,
    /** Absent: this node is alone in each. */
    private readonly founders: Membership | undefined
  ) {
    super(options)
  }

  override start(group: number, machine: StateMachine, applied: GroupPosition): Promise<void> {
    const { founders } = this
    const isNew = applied.index === 0 && applied.membership === undefined
    return super.start(
      group,
      machine,
      isNew && founders !== undefined ? { ...applied, membership: founders } : applied
    )
  }
}
