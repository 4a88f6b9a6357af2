import { Transition } from '../../../src/consensus/core/conf-change.js'
import { ProgressState } from '../../../src/consensus/core/progress.js'
import { demand } from '../world/violation.js'
import type { CoreNode } from './core-node.js'
import type { CoreWorld } from './core-world.js'

/** Election timeouts of the slowest kind; the original of the rule took 400 ticks with timeouts of 5 to 10. */
const BOUND_ELECTIONS = 45
const MARKER = Buffer.alloc(0)

/**
 * The second phase: every fault ends, everybody is up. Within a bounded time there is a leader, a marker commits, every member has
 * and has applied everything, nothing is stuck, and every client has its answer.
 */
export class CoreLiveness {
  #markerAfter = 0

  constructor(private readonly world: CoreWorld) {}

  begin(): void {
    this.world.calm()
    this.world.clients.stop()
    for (const node of this.world.nodes.values()) if (!node.isUp) node.start()
    this.#markerAfter = this.world.observer.known.committedIndex
  }

  get boundTicks(): number {
    const { electionTicksMax = 25 } = this.world.config.raft
    return Math.max(400, electionTicksMax * BOUND_ELECTIONS)
  }

  /** Once in a while: what an operator and a client would do now. */
  nudge(): void {
    const leader = this.world.leader()
    if (leader === undefined || leader.isPaused) return
    const raw = leader.raw!
    const { isJoint, autoLeave } = raw.raft.tracker.config
    if (isJoint && !autoLeave)
      raw.proposeConfChange({ transition: Transition.auto, changes: [], context: MARKER })
    if (this.world.observer.known.committedIndex <= this.#markerAfter + 1) raw.propose([MARKER])
    leader.drain()
  }

  /** What is still missing, in words; undefined when the cluster is at rest. */
  missing(): string | undefined {
    const leader = this.world.leader()
    if (leader === undefined) return 'there is no leader'
    const { raft } = leader.raw!
    if (this.world.observer.known.committedIndex <= this.#markerAfter) return 'no marker was committed'
    if (raft.leadTransferee !== 0) return `the transfer to ${raft.leadTransferee} is stuck`
    if (raft.tracker.config.isJoint) return 'the joint configuration is not left'
    if (this.world.checker.open > 0) return `${this.world.checker.open} operations have no answer`
    for (const id of raft.tracker.ids) {
      const words = this.#missingAt(leader, id)
      if (words !== undefined) return words
    }
    return undefined
  }

  finish(): void {
    const missing = this.missing()
    demand(
      missing === undefined,
      'liveness',
      () => `after ${this.boundTicks} ticks without a fault: ${missing}`
    )
    this.world.checker.finish()
    const { raft } = this.world.leader()!.raw!
    for (const id of raft.tracker.ids) {
      const { register } = this.world.nodes.get(id)!
      demand(
        register!.values.length === this.world.checker.logLength,
        'liveness',
        () => `node ${id} has not all values`
      )
    }
  }

  #missingAt(leader: CoreNode, id: number): string | undefined {
    const { raft } = leader.raw!
    const { lastIndex } = raft.log
    const progress = raft.tracker.progress.get(id)!
    if (progress.match !== lastIndex) return `member ${id} is at ${progress} of ${lastIndex}`
    if (progress.state === ProgressState.snapshot) return `member ${id} waits for a snapshot`
    const applied = this.world.nodes.get(id)!.raw?.raft.log.applied
    return applied === lastIndex ? undefined : `member ${id} has applied ${applied} of ${lastIndex}`
  }
}
