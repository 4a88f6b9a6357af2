import assert from 'node:assert'
import type { Logger } from '../kernel/index.js'
import {
  EventSegments,
  encodeEventFrames,
  type FileSystem,
  type KeyValueStore,
  type ReadCache,
  type SegmentCheckpoint,
  StorageFullError
} from '../storage/index.js'
import { ServerError, scanEvent, withTimestamp } from '../wire/index.js'
import { checkSequences, invalidSequence } from './append/apply-append.js'
import { scanFrames, type TransactionScan } from './append/transaction-scan.js'
import {
  decodeAppendBody,
  decodeScheduleBody,
  decodeTokenBody,
  type EntryHeader,
  EntryKind,
  entryBody
} from './entry.js'
import { AggregateIndex } from './index/aggregate-index.js'
import { addToIndex, readMarkers, rebuildMissing } from './index/index-loading.js'
import { NO_TIMESTAMP, SegmentIndex } from './index/segment-index.js'
import { TimeIndex } from './index/time-index.js'
import type { CommittedEntry } from './ports.js'
import { TailNotifier } from './read/tail-notifier.js'
import { ScheduleStore } from './schedule/schedule-store.js'
import { SnapshotStore } from './snapshot/snapshot-store.js'
import { firstKeySpace } from './state/keys.js'
import { StateOverlay } from './state/state-overlay.js'
import type { InstalledSegments } from './transfer/segment-install.js'

export interface ContextStateOptions {
  readonly contextId: number
  readonly name: string
  readonly directory: string
  readonly suffix: string
  readonly segmentBytesMax: number
  readonly tailBytesMax: number
  /** Applied but unwritten bytes above which a round waits for the disk. */
  readonly unwrittenBytesMax: number
  readonly checkSnapshotSequence: boolean
  readonly fs: FileSystem
  readonly store: KeyValueStore
  readonly cache: ReadCache
  readonly log: Logger
  /** The disk failed in a way after which nothing it says can be believed: the process must end. */
  readonly onFatal: (error: unknown) => void
  /** Of the state that this one replaces: who waits there goes on waiting here. */
  readonly tail?: TailNotifier
}

/** What a checkpoint remembers of a context, beside what it writes under the context's keys. */
export interface ContextCheckpoint {
  readonly segments: SegmentCheckpoint
  readonly snapshots: number
  readonly schedules: number
  /** Where its keys are; absent: where a context begins. */
  readonly keySpace?: number
  /** The state came from a peer, and its files may have to be brought to their places still. */
  readonly installed?: InstalledSegments
}

export interface AppendResult {
  readonly firstToken: number
  readonly count: number
}

const KNOWN_AGGREGATES_MAX = 100_000

/**
 * The replicated state of one context: events, snapshots, schedule. Changes only in `apply`, which looks at nothing but this state
 * and the entry, so every member of a replication group comes to the same answers and the same files.
 */
export class ContextState {
  readonly tail: TailNotifier
  /** Scans of transactions that this node proposed itself, so that apply need not scan their bytes again. */
  readonly scans = new WeakMap<Buffer, TransactionScan>()
  #flushing: Promise<void> | undefined
  #diskFull = false

  private constructor(
    readonly options: ContextStateOptions,
    readonly keySpace: number,
    readonly segments: EventSegments,
    readonly index: AggregateIndex,
    readonly times: TimeIndex,
    readonly overlay: StateOverlay,
    readonly snapshots: SnapshotStore,
    readonly schedules: ScheduleStore
  ) {
    this.tail = options.tail ?? new TailNotifier()
  }

  static async open(
    options: ContextStateOptions,
    checkpoint: ContextCheckpoint | undefined
  ): Promise<ContextState> {
    const { contextId, store } = options
    const keySpace = checkpoint?.keySpace ?? firstKeySpace(contextId)
    const markers = await readMarkers(store, keySpace)
    const times = new TimeIndex(markers)
    const active = new SegmentIndex(checkpoint?.segments.segment ?? 0, times.timestampMaxMs ?? NO_TIMESTAMP)
    const index = new AggregateIndex(
      { keySpace, store, knownMax: KNOWN_AGGREGATES_MAX },
      active,
      markers.length > 0
    )
    const segments = await EventSegments.open(options, checkpoint?.segments, (record, at) =>
      addToIndex(index, scanFrames(record.events, record.count), at.position)
    )
    const overlay = new StateOverlay(store)
    const snapshots = new SnapshotStore(
      { keySpace, state: overlay, knownMax: KNOWN_AGGREGATES_MAX },
      checkpoint?.snapshots ?? 0
    )
    const schedules = new ScheduleStore({ keySpace, state: overlay }, checkpoint?.schedules ?? 0)
    await rebuildMissing(index, segments, markers.length)
    return new ContextState(options, keySpace, segments, index, times, overlay, snapshots, schedules)
  }

  /** Applied but not yet written to the segment file, and the disk refused the last attempt. */
  get isBehind(): boolean {
    return this.#diskFull && this.segments.stats.unwrittenBytes > this.options.unwrittenBytesMax
  }

  prepare(header: EntryHeader, data: Buffer): Promise<void> | undefined {
    const body = entryBody(data)
    switch (header.kind) {
      case EntryKind.append:
        return this.#prepareAggregates([...this.#scan(data).ranges.keys()])
      case EntryKind.snapshot:
        return this.#prepareAggregates([scanEvent(body).aggregateIdentifier])
      case EntryKind.schedule:
        return this.schedules.prepare(decodeScheduleBody(body).replaces)
      case EntryKind.cancelSchedule:
        return this.schedules.prepare(decodeTokenBody(body))
      case EntryKind.fireSchedule:
        return this.#prepareFire(decodeTokenBody(body))
      default:
        return undefined
    }
  }

  apply(header: EntryHeader, entry: CommittedEntry): unknown {
    const body = entryBody(entry.data)
    switch (header.kind) {
      case EntryKind.append:
        return this.#append(entry, header.storedAtMs, decodeAppendBody(body).frames, this.#scan(entry.data))
      case EntryKind.snapshot:
        return this.#storeSnapshot(body)
      case EntryKind.schedule:
        return this.#schedule(body)
      case EntryKind.cancelSchedule:
        return this.schedules.remove(decodeTokenBody(body)) !== undefined
      case EntryKind.fireSchedule:
        return this.#fire(entry, header.storedAtMs, decodeTokenBody(body))
      default:
        throw new Error(`entry kind ${header.kind} was written by a newer version of the product`)
    }
  }

  endRound(): Promise<void> | undefined {
    this.index.trim()
    this.tail.notify()
    const flushing = this.flush()
    return this.segments.stats.unwrittenBytes > this.options.unwrittenBytesMax ? flushing : undefined
  }

  /** Writes applied transactions to the segment file. A full disk is told in `isBehind`; nothing is lost, the journal has them. */
  flush(): Promise<void> {
    this.#flushing ??= this.segments
      .flush()
      .then(() => this.#setDiskFull(false))
      .catch((error: unknown) => {
        if (error instanceof StorageFullError) this.#setDiskFull(true)
        else this.options.onFatal(error)
      })
      .finally(() => {
        this.#flushing = undefined
      })
    return this.#flushing
  }

  async close(): Promise<void> {
    this.tail.notify()
    await this.segments.close()
  }

  #append(
    entry: CommittedEntry,
    storedAtMs: number,
    frames: Buffer,
    scan: TransactionScan
  ): AppendResult | ServerError {
    const refused = checkSequences(scan, this.index)
    if (refused !== undefined) return refused
    const firstToken = this.segments.nextToken
    const { index: logIndex, term: logTerm } = entry
    const at = this.segments.append({
      logIndex,
      logTerm,
      firstToken,
      count: scan.count,
      storedAtMs,
      events: frames
    })
    if (at.segment !== this.index.active.segment) this.index.roll(at.segment)
    addToIndex(this.index, scan, at.position)
    return { firstToken, count: scan.count }
  }

  #storeSnapshot(event: Buffer): ServerError | undefined {
    const { aggregateIdentifier, sequenceNumber } = scanEvent(event)
    const highest = this.index.highestSequence(aggregateIdentifier)
    assert(highest !== undefined, 'prepared before apply')
    if (this.options.checkSnapshotSequence && sequenceNumber > highest) {
      return new ServerError(
        'AXONIQ-2000',
        `Invalid sequence number ${sequenceNumber} for a snapshot of aggregate ${aggregateIdentifier}: its last event has ${highest}`
      )
    }
    this.snapshots.put(aggregateIdentifier, sequenceNumber, event)
    return undefined
  }

  #schedule(body: Buffer): void {
    const { token, replaces, dueMs, event } = decodeScheduleBody(body)
    if (replaces !== '') this.schedules.remove(replaces)
    this.schedules.put({ token, dueMs, event, failure: '' })
  }

  /** Publishing and forgetting are one entry: a scheduled event is stored once, whatever fails in between. */
  #fire(entry: CommittedEntry, firedAtMs: number, token: string): ServerError | undefined {
    const scheduled = this.schedules.find(token)
    if (scheduled === undefined) return undefined
    const frames = encodeEventFrames([withTimestamp(scheduled.event, firedAtMs)])
    const result = this.#append(entry, firedAtMs, frames, scanFrames(frames, 1))
    if (result instanceof ServerError) {
      this.schedules.fail(scheduled, result.message)
      return result
    }
    this.schedules.remove(token)
    return undefined
  }

  #scan(data: Buffer): TransactionScan {
    const known = this.scans.get(data)
    if (known !== undefined) return known
    const { count, frames } = decodeAppendBody(entryBody(data))
    const scan = scanFrames(frames, count)
    this.scans.set(data, scan)
    return scan
  }

  #prepareAggregates(aggregateIds: string[]): Promise<void> | undefined {
    for (const id of aggregateIds) {
      if (this.index.highestSequence(id) === undefined) return this.index.load(aggregateIds)
    }
    return undefined
  }

  async #prepareFire(token: string): Promise<void> {
    await this.schedules.prepare(token)
    const scheduled = this.schedules.find(token)
    if (scheduled === undefined) return
    const head = scanEvent(scheduled.event)
    if (head.isDomainEvent) await this.index.load([head.aggregateIdentifier])
  }

  #setDiskFull(full: boolean): void {
    if (this.#diskFull === full) return
    this.#diskFull = full
    const fields = { context: this.options.name, directory: this.options.directory }
    if (full) this.options.log.error(fields, 'event segments can not be written: the disk is full')
    else this.options.log.info(fields, 'event segments can be written again')
  }
}

/** The error of a conflict that the transaction carries in itself, for callers that check before they propose. */
export function conflictOf(scan: TransactionScan): ServerError | undefined {
  return scan.conflict === undefined ? undefined : invalidSequence(scan.conflict)
}
