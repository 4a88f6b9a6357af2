import { decodeConfChange } from '../../../src/consensus/core/conf-change.js'
import type { Message } from '../../../src/consensus/core/message.js'
import type { RaftDefaults } from '../../../src/consensus/core/options.js'
import { RawNode } from '../../../src/consensus/core/raw-node.js'
import type { TraceSink } from '../../../src/consensus/core/trace.js'
import {
  type ConfState,
  type Entry,
  EntryKind,
  type HardState,
  type Index,
  isEmptyHardState,
  type NodeId,
  type SnapshotMeta
} from '../../../src/consensus/core/types.js'
import { MemoryStorage } from './memory-storage.js'

/** A state of the state machine, which only appends what it applies. */
export interface HistoryItem {
  readonly meta: SnapshotMeta
  readonly data: Buffer
}

export interface NodeSettings {
  readonly options: RaftDefaults
  readonly trace: TraceSink
  readonly start: HistoryItem
}

/** A raft node with its disk, its state machine, and the work that its storage threads have before them. */
export class InteractionNode {
  raw: RawNode
  readonly storage: MemoryStorage
  appendWork: Message[] = []
  applyWork: Message[] = []
  history: HistoryItem[]
  /** Which state to send instead of the newest. */
  offered: HistoryItem | undefined

  constructor(
    readonly id: NodeId,
    private readonly settings: NodeSettings
  ) {
    this.history = [settings.start]
    this.storage = new MemoryStorage(() => (this.offered ?? this.newest).meta)
    if (settings.start.meta.index > 0) this.storage.install(settings.start.meta)
    this.raw = this.#start(settings.start.meta.index, this.storage.conf)
  }

  get isAsync(): boolean {
    return this.settings.options.asyncStorageWrites
  }

  get newest(): HistoryItem {
    return this.history.at(-1)!
  }

  /** Words when the disk does not take it. */
  persist(
    hard: HardState,
    entries: readonly Entry[],
    snapshot: SnapshotMeta | undefined
  ): string | undefined {
    if (!isEmptyHardState(hard)) this.storage.hardState = hard
    if (snapshot === undefined) {
      this.storage.append(entries)
      return undefined
    }
    if (entries.length > 0) return "can't apply snapshot and entries at the same time"
    return this.storage.install(snapshot)
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) this.#applyOne(entry)
  }

  /** Loses what is not on disk. The state machine may have fallen back to an earlier state. */
  restart(applied: Index | undefined): void {
    this.appendWork = []
    this.applyWork = []
    const installed = { meta: this.storage.installed, data: Buffer.alloc(0) }
    const states = [installed, ...this.history].filter(({ meta }) => meta.index >= installed.meta.index)
    this.history = states.filter(({ meta }) => applied === undefined || meta.index <= applied)
    const { meta } = this.newest
    this.raw = this.#start(meta.index, meta.conf)
  }

  #start(applied: Index, conf: ConfState): RawNode {
    const { options, trace } = this.settings
    return new RawNode({
      ...options,
      id: this.id,
      log: this.storage,
      hardState: this.storage.hardState,
      applied,
      conf,
      confIndexes: this.storage.confIndexesAbove(applied),
      // Timeouts are the shortest ones unless a script sets them: no output depends on chance.
      random: () => 0,
      trace
    })
  }

  #applyOne({ index, term, kind, data }: Entry): void {
    const { meta, data: before } = this.newest
    if (kind === EntryKind.normal) {
      this.history.push({ meta: { index, term, conf: meta.conf }, data: Buffer.concat([before, data]) })
      return
    }
    const change = decodeConfChange(data)
    const conf = this.raw.applyConfChange(index, change)
    this.history.push({ meta: { index, term, conf }, data: Buffer.concat([before, change.context]) })
  }
}
