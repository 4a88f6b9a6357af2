import { decodeConfChange } from '../../../../src/consensus/core/conf-change.js'
import type { Message } from '../../../../src/consensus/core/message.js'
import type { RaftOptions } from '../../../../src/consensus/core/options.js'
import type { Raft, StepError } from '../../../../src/consensus/core/raft.js'
import { RawNode } from '../../../../src/consensus/core/raw-node.js'
import type { Ready } from '../../../../src/consensus/core/ready.js'
import {
  type ConfState,
  type Entry,
  EntryKind,
  type HardState,
  type NodeId,
  type ReadState,
  type SnapshotMeta,
  type Term,
  UNLIMITED
} from '../../../../src/consensus/core/types.js'
import type { MemoryLog } from './memory-log.js'
import { confState } from './messages.js'
import { fillDisk, type NodeOptions, PLAIN, settingsOf } from './node-options.js'
import { seeded } from './random.js'

interface Write {
  readonly entries: readonly Entry[]
  readonly snapshot: SnapshotMeta | undefined
  readonly hard: HardState | undefined
  readonly responses: readonly Message[]
}

interface Apply {
  readonly entries: readonly Entry[]
  readonly responses: readonly Message[]
}

/** A core with a disk and a state machine in memory. Both work at once, or only when told to (`holdWrites`, `holdApplies`). */
export class TestNode {
  readonly raw: RawNode
  readonly applied: Entry[] = []
  readonly reads: ReadState[] = []
  readonly readies: Ready[] = []
  holdWrites = false
  holdApplies = false
  writes: Write[] = []
  applies: Apply[] = []
  #outbox: Message[] = []
  #hard: HardState

  constructor(
    readonly options: RaftOptions,
    readonly disk: MemoryLog
  ) {
    this.raw = new RawNode(options)
    this.#hard = options.hardState
  }

  get raft(): Raft {
    return this.raw.raft
  }

  get id(): NodeId {
    return this.raft.id
  }

  step(message: Message): StepError | undefined {
    return this.raw.step(message)
  }

  /** Past the check for messages that may not come from a network. */
  stepLocal(message: Message): StepError | undefined {
    return this.raft.step(message)
  }

  /** Steps, does everything that follows, and returns what is sent. */
  answer(message: Message): Message[] {
    this.raw.step(message)
    return this.take()
  }

  tick(times = 1): void {
    for (let i = 0; i < times; i++) this.raw.tick()
  }

  propose(...data: string[]): StepError | undefined {
    return this.raw.propose(data.map(text => Buffer.from(text)))
  }

  /** Stores, confirms and applies what there is, and returns the messages to others. */
  take(): Message[] {
    for (let rounds = 0; this.raw.hasReady(); rounds++) {
      if (rounds > 10_000) throw new Error('the core always has something ready')
      this.#handle(this.raw.ready())
    }
    const sent = this.#outbox
    this.#outbox = []
    return sent
  }

  /** The oldest held writes reach the disk, and their responses are delivered. */
  finishWrites(count = this.writes.length): void {
    for (const write of this.writes.splice(0, count)) this.#store(write)
  }

  finishApplies(count = this.applies.length): void {
    for (const apply of this.applies.splice(0, count)) this.#apply(apply)
  }

  /** Puts the node into a role by the state machine's own transitions, and forgets the messages about it. */
  becomeFollower(term: Term, leader: NodeId = 0): this {
    this.raft.becomeFollower(term, leader)
    return this.settle()
  }

  becomePreCandidate(): this {
    this.raft.becomePreCandidate()
    return this.settle()
  }

  becomeCandidate(): this {
    this.raft.becomeCandidate()
    return this.settle()
  }

  /** At the next term. */
  becomeLeader(): this {
    this.raft.becomeCandidate()
    this.raft.becomeLeader()
    return this.settle()
  }

  /** Does what is ready, and drops what it sends. */
  settle(): this {
    this.take()
    return this
  }

  /** The terms of the whole log, unconfirmed entries included, from the first index on. */
  terms(): Term[] {
    const { log } = this.raft
    const terms: Term[] = []
    for (let i = log.firstIndex; i <= log.lastIndex; i++) terms.push(log.term(i) ?? -1)
    return terms
  }

  logData(): string[] {
    const { log } = this.raft
    if (log.firstIndex > log.lastIndex) return []
    return (log.slice(log.firstIndex, log.lastIndex + 1, UNLIMITED) ?? []).map(({ data }) => data.toString())
  }

  /** What the state machine got, without the empty entries. */
  appliedData(): string[] {
    return this.applied
      .filter(({ data, kind }) => kind === EntryKind.normal && data.length > 0)
      .map(({ data }) => data.toString())
  }

  /** Memory is lost; what was written, and what the state machine applied, stays. */
  restart(changed: Partial<RaftOptions> = {}): TestNode {
    const applied = this.raft.log.applied
    const confIndexes = this.disk
      .all()
      .filter(({ index, kind }) => index > applied && kind !== EntryKind.normal)
    return new TestNode(
      {
        ...this.options,
        hardState: this.disk.hardState,
        applied,
        conf: this.raw.confState,
        confIndexes: confIndexes.map(({ index }) => index),
        ...changed
      },
      this.disk
    )
  }

  #handle(ready: Ready): void {
    this.readies.push(ready)
    this.reads.push(...ready.reads)
    this.#outbox.push(...ready.messages)
    this.#hard = ready.hard ?? this.#hard
    if (this.options.asyncStorageWrites) this.#handleAsync(ready)
    else this.#handleSync(ready)
  }

  #handleAsync({ append, apply, hard }: Ready): void {
    if (append !== undefined) {
      const { entries, snapshot, responses } = append
      const isWhole = hard !== undefined || entries.length > 0
      this.writes.push({ entries, snapshot, responses, hard: isWhole ? this.#hard : undefined })
      if (!this.holdWrites) this.finishWrites()
    }
    if (apply === undefined) return
    this.applies.push({ entries: apply.entries, responses: apply.responses })
    if (!this.holdApplies) this.finishApplies()
  }

  #handleSync({ entries, snapshot, committed }: Ready): void {
    this.#store({ entries, snapshot, hard: this.#hard, responses: [] })
    this.#apply({ entries: committed, responses: [] })
    this.raw.advance()
  }

  #store({ entries, snapshot, hard, responses }: Write): void {
    if (snapshot !== undefined) this.disk.install(snapshot)
    this.disk.append(entries)
    if (hard !== undefined) this.disk.hardState = hard
    for (const response of responses) this.#deliver(response)
  }

  #apply({ entries, responses }: Apply): void {
    for (const entry of entries) {
      this.applied.push(entry)
      if (entry.kind !== EntryKind.normal) this.raw.applyConfChange(entry.index, decodeConfChange(entry.data))
    }
    for (const response of responses) this.#deliver(response)
  }

  #deliver(response: Message): void {
    if (response.to === this.id) this.raw.step(response)
    else this.#outbox.push(response)
  }
}

/** A node as `options` say; id 1 in a group of three unless they say otherwise. */
export function node(options: NodeOptions = {}): TestNode {
  const { voters = [1, 2, 3], outgoing = [], learners = [], learnersNext = [], snapshot } = options
  const { id = 1, seed = id, random = seeded(seed) } = options
  const disk = fillDisk(options)
  const conf: ConfState = snapshot?.conf ?? confState(voters, { outgoing, learners, learnersNext })
  const applied = options.applied ?? snapshot?.index ?? 0
  const confIndexes = disk.all().filter(({ index, kind }) => index > applied && kind !== EntryKind.normal)
  return new TestNode(
    {
      ...PLAIN,
      ...settingsOf(options),
      id,
      random,
      log: disk,
      hardState: disk.hardState,
      applied,
      conf,
      confIndexes: confIndexes.map(({ index }) => index)
    },
    disk
  )
}
