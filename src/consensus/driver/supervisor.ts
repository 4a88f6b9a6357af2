import { reasonOf } from '../../kernel/index.js'
import type { DriverContext } from './context.js'
import type { DiskWatchdog } from './disk-watchdog.js'
import type { Group } from './group.js'
import { findTarget, transferLeadership } from './leadership.js'
import { Preference } from './preference.js'
import { agreeOnRules } from './rules-agreement.js'

const EVERY_MS = 1000

/** What is looked after with the ticks: the groups' own time, the disk, better leaders, rules that all members know. */
export class Supervisor {
  readonly #preferences = new WeakMap<Group, Preference>()
  #nextMs = 0

  constructor(
    private readonly groups: ReadonlyMap<number, Group>,
    private readonly context: DriverContext,
    private readonly watchdog: DiskWatchdog
  ) {}

  tick(nowMs: number): void {
    for (const group of this.groups.values()) group.tick(nowMs)
    if (this.watchdog.check()) this.#handOverAll()
    if (nowMs < this.#nextMs) return
    this.#nextMs = nowMs + EVERY_MS
    for (const group of this.groups.values()) this.#look(group, nowMs)
  }

  /** A lease that is counted in ticks would last too long. */
  ticksWereLate(): void {
    for (const { failure, node } of this.groups.values()) if (failure === undefined) node.ticksWereLate()
  }

  #look(group: Group, nowMs: number): void {
    if (group.failure !== undefined) return
    group.peers.checkRelaxed(nowMs)
    group.snapshots.tidy(nowMs)
    if (!group.isLeader || !group.isRunning) return
    agreeOnRules(group)
    if (group.membership.members.length > 1) this.#preferBetter(group, nowMs)
  }

  #preferBetter(group: Group, nowMs: number): void {
    let preference = this.#preferences.get(group)
    if (preference === undefined) {
      preference = new Preference(this.context.timing)
      this.#preferences.set(group, preference)
    }
    const better = preference.find(group, nowMs)
    if (better !== undefined) this.#handOver(group, better)
  }

  #handOverAll(): void {
    for (const group of this.groups.values()) {
      if (group.failure !== undefined || !group.isLeader || findTarget(group) === undefined) continue
      this.#handOver(group, undefined)
    }
  }

  #handOver(group: Group, node: string | undefined): void {
    transferLeadership(group, node).catch((error: unknown) =>
      group.logger.info({ group: group.id, reason: reasonOf(error) }, 'leadership was not handed over')
    )
  }
}
