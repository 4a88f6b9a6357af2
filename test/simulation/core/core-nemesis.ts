import { type ConfChangeStep, ConfChangeType, Transition } from '../../../src/consensus/core/conf-change.js'
import type { NodeId } from '../../../src/consensus/core/types.js'
import { PARTITIONS } from '../world/network.js'
import { between, pick, randomFor } from '../world/randoms.js'
import type { CoreNode } from './core-node.js'
import { type CoreWorld, TICK } from './core-world.js'

const VOTERS_MAX = 7
const MEMBERS_MAX = 10

/** Decides at every tick what goes wrong, and what the operator does. */
export class CoreNemesis {
  readonly #random

  constructor(private readonly world: CoreWorld) {
    this.#random = randomFor(world.config.seed, 'nemesis')
  }

  tick(): void {
    const { faults, rates } = this.world.config
    const random = this.#random
    if (faults.crash) this.#crashAndRestart()
    if (faults.partition) this.#partition()
    if (faults.clog && random.chance(rates.clog)) this.#clog()
    if (faults.clock && random.chance(rates.clock)) this.#disturbClock()
    if (faults.slowDisk && random.chance(rates.diskStall)) {
      this.world.stallDisk(this.#anybody().id, between(random, 2, 30) * TICK)
    }
    if (faults.membership && random.chance(rates.membership)) this.#changeMembers()
    if (faults.transfer && random.chance(rates.transfer)) this.#transfer()
    if (faults.relax && random.chance(rates.relax)) this.#relax()
    if (faults.reports && random.chance(rates.report)) this.#report()
  }

  #crashAndRestart(): void {
    const { rates } = this.world.config
    for (const node of this.world.nodes.values()) {
      if (!node.isUp && this.#random.chance(rates.restart)) node.start()
    }
    if (!this.#random.chance(rates.crash)) return
    const leader = this.world.leader()
    const victim = leader !== undefined && this.#random.chance(0.4) ? leader : this.#anybody()
    this.#crash(victim)
    // The whole rack now and then.
    if (this.#random.chance(0.05)) for (const node of this.world.nodes.values()) this.#crash(node)
  }

  #crash(node: CoreNode): void {
    if (!node.isUp) return
    this.world.counts.crashes++
    node.crash()
  }

  #partition(): void {
    const { network, config, nodes } = this.world
    const { rates } = config
    if (network.isCut) {
      if (this.#random.chance(rates.heal)) network.healCut()
      return
    }
    if (!this.#random.chance(rates.partition)) return
    const leader = this.world.leader()?.id
    const isLeaderAlone = leader !== undefined && this.#random.chance(rates.isolateLeader)
    const kind = isLeaderAlone
      ? pick(this.#random, ['leader', 'leaderMinority'] as const)
      : pick(this.#random, PARTITIONS)
    network.partition(kind, [...nodes.keys()], leader)
  }

  #clog(): void {
    const from = this.#anybody().id
    const to = this.#anybody().id
    if (from !== to) this.world.network.clog(from, to, between(this.#random, 5, 60) * TICK)
  }

  #disturbClock(): void {
    const node = this.#anybody()
    if (!node.isUp) return
    const random = this.#random
    if (random.chance(0.3)) node.run(() => node.tick(2))
    else node.stall(between(random, 1, 20) * TICK, random.chance(0.5) ? 30 : random.below(5))
  }

  #transfer(): void {
    const leader = this.world.leader()
    if (leader === undefined) return
    const asked = this.#random.chance(0.8) ? leader : this.#anybody()
    const to = pick(this.#random, [...leader.raw!.raft.tracker.ids])
    asked.run(() => {
      asked.raw!.transferLeadership(to)
      asked.drain()
    })
  }

  /** Lasts until the next configuration change or leader. */
  #relax(): void {
    const leader = this.world.leader()
    leader?.run(() => {
      leader.setGate(this.#random.below(this.world.config.minActiveBackups + 1))
      leader.drain()
    })
  }

  #report(): void {
    const node = this.#anybody()
    if (!node.isUp) return
    const peer = this.#anybody().id
    const isLeaderGone = this.#random.chance(0.3)
    node.run(() => {
      if (isLeaderGone) node.raw!.forgetLeader()
      else if (peer !== node.id) node.raw!.reportUnreachable(peer)
      node.drain()
    })
  }

  #changeMembers(): void {
    const leader = this.world.leader()
    if (leader === undefined || leader.isPaused) return
    const raw = leader.raw!
    const { isJoint, autoLeave } = raw.raft.tracker.config
    if (isJoint) {
      if (!autoLeave)
        raw.proposeConfChange({ transition: Transition.auto, changes: [], context: Buffer.alloc(0) })
    } else {
      const changes = this.#drawChanges(leader)
      if (changes.length === 0) return
      const choices = [Transition.auto, Transition.jointImplicit, Transition.jointExplicit]
      raw.proposeConfChange({ transition: pick(this.#random, choices), changes, context: Buffer.alloc(0) })
    }
    leader.drain()
  }

  /** Such as leave at least one voter, and touch a member once. */
  #drawChanges(leader: CoreNode): ConfChangeStep[] {
    const { voters, learners } = leader.raw!.raft.tracker.config
    const touched = new Set<NodeId>()
    const changes: ConfChangeStep[] = []
    let votersLeft = voters.size
    const count = this.#random.chance(0.6) ? 1 : between(this.#random, 2, 3)
    for (let i = 0; i < count; i++) {
      const step = this.#drawStep([...voters], [...learners])
      if (step === undefined || touched.has(step.node)) continue
      const isVoter = voters.has(step.node)
      const losesVoter = isVoter && step.type !== ConfChangeType.addVoter
      if (losesVoter && votersLeft === 1) continue
      if (losesVoter) votersLeft--
      touched.add(step.node)
      changes.push(step)
    }
    return changes
  }

  #drawStep(voters: readonly NodeId[], learners: readonly NodeId[]): ConfChangeStep | undefined {
    const random = this.#random
    const members = [...voters, ...learners]
    const isFull = members.length >= MEMBERS_MAX
    const what = random.below(5)
    if (what === 0 && !isFull) {
      return { type: ConfChangeType.addLearner, node: this.world.addNode(random.chance(0.3)).id }
    }
    if (what === 1 && !isFull && voters.length < VOTERS_MAX) {
      return { type: ConfChangeType.addVoter, node: this.world.addNode(false).id }
    }
    if (what === 2 && learners.length > 0 && voters.length < VOTERS_MAX) {
      return { type: ConfChangeType.addVoter, node: pick(random, learners) }
    }
    if (what === 3) return { type: ConfChangeType.addLearner, node: pick(random, voters) }
    if (members.length > 2) return { type: ConfChangeType.removeNode, node: pick(random, members) }
    return undefined
  }

  #anybody(): CoreNode {
    return pick(this.#random, [...this.world.nodes.values()])
  }
}
