import type { MemberChange } from '../../../src/consensus/index.js'
import type { GroupRole } from '../../../src/consensus/ports.js'
import { PARTITIONS } from '../world/network.js'
import { between, pick, randomFor } from '../world/randoms.js'
import { STEP_MS } from './node-config.js'
import type { NodeWorld } from './node-world.js'
import type { SimulatedProcess } from './simulated-process.js'

const PROCESSES_MAX = 12
const VOTERS_MAX = 5

/** What goes wrong with processes, disks, clocks and network, and what the operator does through the product's own calls. */
export class NodeNemesis {
  readonly #random

  constructor(private readonly world: NodeWorld) {
    this.#random = randomFor(world.config.seed, 'nemesis')
  }

  step(): void {
    const { faults, rates } = this.world.config
    const random = this.#random
    this.#restart()
    if (faults.crash && random.chance(rates.crash)) this.#crash()
    if (faults.partition) this.#partition()
    if (faults.clog && random.chance(rates.clog)) this.#clog()
    if (faults.clock && random.chance(rates.clock)) this.#anybody().stall(between(random, 1, 25) * STEP_MS)
    if (faults.slowDisk && random.chance(rates.diskStall)) {
      this.world.stallDisk(this.#anybody().id, between(random, 2, 40) * STEP_MS)
    }
    if (faults.membership && random.chance(rates.membership)) this.#changeMembers()
    if (faults.transfer && random.chance(rates.transfer)) this.#transfer()
    if (faults.relax && random.chance(rates.relax)) this.#relax()
  }

  #restart(): void {
    for (const process of this.world.processes.values()) {
      if (!process.isUp && this.#random.chance(this.world.config.rates.restart)) process.start()
    }
  }

  #crash(): void {
    const leader = this.world.leaderOf(this.#anyGroup())
    const victim = leader !== undefined && this.#random.chance(0.4) ? leader : this.#anybody()
    this.world.crash(victim)
    if (this.#random.chance(0.05))
      for (const process of this.world.processes.values()) this.world.crash(process)
  }

  #partition(): void {
    const { network, config, processes } = this.world
    const { rates } = config
    if (network.isCut) {
      if (this.#random.chance(rates.heal)) network.healCut()
      return
    }
    if (!this.#random.chance(rates.partition)) return
    const leader = this.world.leaderOf(this.#anyGroup())?.id
    const isLeaderAlone = leader !== undefined && this.#random.chance(rates.isolateLeader)
    const kind = isLeaderAlone
      ? pick(this.#random, ['leader', 'leaderMinority'] as const)
      : pick(this.#random, PARTITIONS)
    network.partition(kind, [...processes.keys()], leader)
  }

  #clog(): void {
    const from = this.#anybody().id
    const to = this.#anybody().id
    if (from !== to) this.world.network.clog(from, to, between(this.#random, 5, 60) * STEP_MS)
  }

  #transfer(): void {
    const group = this.#anyGroup()
    const leader = this.world.leaderOf(group)
    const isNamed = this.#random.chance(0.5)
    const target = isNamed ? this.#anybody().name : undefined
    leader?.run(() => expectRefusal(leader.host!.consensus.transferLeadership(group, target)))
  }

  #relax(): void {
    const group = this.#anyGroup()
    const leader = this.world.leaderOf(group)
    const required = this.#random.below(this.world.config.minActiveBackups + 1)
    const forMs = between(this.#random, 5, 100) * STEP_MS
    leader?.run(() => leader.host!.consensus.relaxGate(group, { required, reason: 'simulated', forMs }))
  }

  #changeMembers(): void {
    const group = this.#anyGroup()
    const leader = this.world.leaderOf(group)
    if (leader === undefined || leader.isPaused) return
    const changes = this.#drawChanges(leader, group)
    if (changes.length === 0) return
    leader.run(() => expectRefusal(leader.host!.consensus.proposeMembership(group, changes)))
  }

  #drawChanges(leader: SimulatedProcess, group: number): MemberChange[] {
    const random = this.#random
    const { members } = leader.host!.consensus.status(group)!.membership
    const primaries = members.filter(({ role }) => role === 'PRIMARY')
    const changes: MemberChange[] = []
    const touched = new Set<number>()
    for (let i = random.chance(0.7) ? 1 : 2; i > 0; i--) {
      const change = this.#drawChange(members, primaries.length)
      if (change === undefined) continue
      const id = change.kind === 'add' ? change.member.id : change.id
      if (!touched.has(id)) changes.push(change)
      touched.add(id)
    }
    return changes
  }

  #drawChange(
    members: readonly { id: number; role: GroupRole }[],
    primaries: number
  ): MemberChange | undefined {
    const random = this.#random
    const roles: readonly GroupRole[] = ['PRIMARY', 'ACTIVE_BACKUP', 'PASSIVE_BACKUP', 'SECONDARY']
    const what = random.below(4)
    if (what === 0) {
      if (this.world.processes.size >= PROCESSES_MAX) return undefined
      const role = primaries < VOTERS_MAX ? pick(random, roles) : pick(random, roles.slice(1))
      return { kind: 'add', member: this.world.newMember(role, random.below(3)) }
    }
    const { id } = pick(random, members)
    if (what === 1) return members.length > 2 ? { kind: 'remove', id } : undefined
    if (what === 2) return { kind: 'priority', id, priority: random.below(4) }
    return { kind: 'role', id, role: pick(random, roles) }
  }

  #anyGroup(): number {
    return pick(this.#random, this.world.groups).id
  }

  #anybody(): SimulatedProcess {
    return pick(this.#random, [...this.world.processes.values()])
  }
}

/** An operator's wish may be refused, or fail with the leader: that is no breach of anything. */
function expectRefusal(wish: Promise<unknown>): void {
  wish.catch((error: unknown) => {
    if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error
  })
}
