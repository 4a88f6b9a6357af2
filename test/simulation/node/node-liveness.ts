import { ProgressState } from '../../../src/consensus/core/progress.js'
import { valuesOf } from '../history/register.js'
import { demand } from '../world/violation.js'
import { describeGroup } from './describe.js'
import { STEP_MS } from './node-config.js'
import type { NodeWorld } from './node-world.js'
import type { SimulatedGroup } from './simulated-group.js'
import type { SimulatedProcess } from './simulated-process.js'

const BOUND_ELECTIONS = 60

/** The second phase over whole nodes: see CoreLiveness. */
export class NodeLiveness {
  #markers = 0
  readonly #markerAfter = new Map<number, number>()

  constructor(private readonly world: NodeWorld) {}

  begin(): void {
    this.world.calm()
    this.world.clients.stop()
    for (const process of this.world.processes.values()) if (!process.isUp) process.start()
    for (const { id, observer } of this.world.groups) this.#markerAfter.set(id, observer.known.committedIndex)
  }

  get boundSteps(): number {
    const { maxElectionMs = 2500 } = this.world.nodeConfig.timing
    return Math.max(600, (maxElectionMs / STEP_MS) * BOUND_ELECTIONS)
  }

  nudge(): void {
    for (const group of this.world.groups) {
      if (!this.#lacksMarker(group)) continue
      const leader = this.world.leaderOf(group.id)
      leader?.run(() => this.#mark(leader, group.id))
    }
  }

  missing(): string | undefined {
    for (const process of this.world.processes.values()) {
      if (!process.isUp || process.host === undefined) return `${process.name} is not up`
    }
    for (const group of this.world.groups) {
      const words = this.#missingIn(group)
      if (words !== undefined) return `group ${group.id}: ${words}${describeGroup(this.world, group.id)}`
    }
    return undefined
  }

  async finish(): Promise<void> {
    const missing = this.missing()
    demand(
      missing === undefined,
      'liveness',
      () => `after ${this.boundSteps} steps without a fault: ${missing}`
    )
    for (const { id, checker } of this.world.groups) {
      checker.finish()
      const leader = this.world.leaderOf(id)!
      for (const member of leader.raftOf(id)!.raft.tracker.ids) {
        const values = await this.world.processes.get(member)!.host!.valuesOf(id)
        demand(
          values.length === checker.logLength,
          'liveness',
          () => `member ${member} has ${values.length} values of ${checker.logLength}`
        )
      }
    }
  }

  #mark(leader: SimulatedProcess, group: number): void {
    const operation = MARKER_OPERATION + this.#markers++
    const request = {
      kind: 'append',
      values: valuesOf(operation, 1),
      aggregate: 0,
      expected: undefined
    } as const
    // Who does not lead any more refuses; the next one is asked then.
    leader.host!.append(group, operation, request).catch(() => {})
  }

  #missingIn(group: SimulatedGroup): string | undefined {
    const leader = this.world.leaderOf(group.id)
    if (leader === undefined) return 'there is no leader'
    const { raft } = leader.raftOf(group.id)!
    if (this.#lacksMarker(group)) return 'no marker was committed'
    if (raft.leadTransferee !== 0) return `the transfer to ${raft.leadTransferee} is stuck`
    if (raft.tracker.config.isJoint) return 'the joint configuration is not left'
    if (group.checker.open > 0) return `${group.checker.open} operations have no answer`
    for (const id of raft.tracker.ids) {
      const words = this.#missingAt(leader, group.id, id)
      if (words !== undefined) return words
    }
    return undefined
  }

  #missingAt(leader: SimulatedProcess, group: number, id: number): string | undefined {
    const { raft } = leader.raftOf(group)!
    const { lastIndex } = raft.log
    const progress = raft.tracker.progress.get(id)!
    if (progress.match !== lastIndex) return `member ${id} is at ${progress} of ${lastIndex}`
    if (progress.state === ProgressState.snapshot) return `member ${id} waits for a snapshot`
    const applied = this.world.processes.get(id)?.host?.consensus.applied(group).index
    return applied === lastIndex ? undefined : `member ${id} has applied ${applied} of ${lastIndex}`
  }

  #lacksMarker({ id, observer }: SimulatedGroup): boolean {
    return observer.known.committedIndex <= this.#markerAfter.get(id)!
  }
}

const MARKER_OPERATION = 1_000_000
