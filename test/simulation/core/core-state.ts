import { decodeConfChange } from '../../../src/consensus/core/conf-change.js'
import type { RawNode } from '../../../src/consensus/core/raw-node.js'
import { type ConfState, type Entry, EntryKind, type Term } from '../../../src/consensus/core/types.js'
import { operationOf, Register } from '../history/register.js'
import type { Checkpoint } from './core-disk.js'
import type { CoreNode } from './core-node.js'
import type { CoreWorld } from './core-world.js'

interface OpenRead {
  readonly index: number
  readonly operation: number
}

export interface CoreStateOptions {
  readonly node: CoreNode
  readonly raw: RawNode
  readonly world: CoreWorld
}

/** The state machine of one life of a node: its register, the configuration at the same position, the reads that wait for it. */
export class CoreState {
  register: Register
  #term: Term
  /** The configuration at the register's index; not known while one from a snapshot to come is in force. */
  #conf: ConfState | undefined
  #reads: OpenRead[] = []
  #isCheckpointing = false

  constructor(
    private readonly options: CoreStateOptions,
    checkpoint: Checkpoint
  ) {
    this.#term = checkpoint.term
    this.#conf = checkpoint.conf
    this.register = new Register(checkpoint.state)
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) this.#applyOne(entry)
    this.#answerReads()
    this.#checkpointIfDue()
  }

  installed(content: Checkpoint): void {
    this.register = new Register(content.state)
    this.#term = content.term
    this.#conf = content.conf
    this.#answerReads()
  }

  read(read: OpenRead): void {
    this.#reads.push(read)
    this.#answerReads()
  }

  checkpoint(): void {
    const { node, world } = this.options
    const conf = this.#conf
    if (this.#isCheckpointing || conf === undefined) return
    if (this.register.index <= node.disk.checkpoint.index) return
    this.#isCheckpointing = true
    const checkpoint = { index: this.register.index, term: this.#term, conf, state: this.register.state() }
    node.when(world.diskDelay(node.id), () => {
      this.#isCheckpointing = false
      node.disk.store(checkpoint, world.config.retainedEntries)
      node.drain()
    })
  }

  #applyOne(entry: Entry): void {
    const { node, world } = this.options
    const { register } = this
    // Contained in a snapshot that was installed meanwhile.
    if (entry.index <= register.index) return
    const { index, kind, data } = entry
    const before = register.values.length
    const isAppend = kind === EntryKind.normal && data.length > 0
    const token = isAppend ? register.apply(index, data) : undefined
    if (!isAppend) register.passed(index, kind)
    this.#term = entry.term
    const isNews = world.observer.applied.applied(node.id, entry, register.digest)
    if (isNews) world.applied(entry, register.values.slice(before))
    if (isAppend) world.clients.applied(node.id, operationOf(data), token)
    if (kind !== EntryKind.normal) this.#configure(entry)
  }

  #configure({ index, data }: Entry): void {
    const { node, raw, world } = this.options
    // A snapshot that is not installed yet has brought a newer configuration (run 20514).
    const isOverruled = index <= raw.raft.confIndex
    // The core may ask for a checkpoint from within: there is none in the middle of an entry.
    this.#conf = undefined
    const change = decodeConfChange(data)
    const conf = raw.applyConfChange(index, change)
    if (!isOverruled) {
      this.#conf = conf
      world.observer.applied.configured(node.id, index, change, conf)
    }
    node.setGate(world.config.minActiveBackups)
  }

  #answerReads(): void {
    if (this.#reads.length === 0) return
    const { index, values } = this.register
    const due = this.#reads.filter(read => read.index <= index)
    if (due.length === 0) return
    this.#reads = this.#reads.filter(read => read.index > index)
    for (const { operation } of due) this.options.world.clients.readDone(operation, values)
  }

  #checkpointIfDue(): void {
    const { node, world } = this.options
    if (this.register.index - node.disk.checkpoint.index >= world.config.checkpointEvery) this.checkpoint()
  }
}
