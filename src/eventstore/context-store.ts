import type { Clock } from '../kernel/index.js'
import { StorageDamagedError } from '../storage/index.js'
import { markSnapshot, ServerError, scanEvent, scanEventPayloadType } from '../wire/index.js'
import {
  type AppendLimits,
  checkAggregate,
  checkAggregates,
  checkSize,
  mayExist
} from './append/append-limits.js'
import { type Reserved, SequenceCheck } from './append/sequence-check.js'
import { scanFrames } from './append/transaction-scan.js'
import { type AppendResult, type ContextState, conflictOf } from './context-state.js'
import {
  decodeAppendBody,
  EntryKind,
  encodeAppendEntry,
  encodeEntry,
  encodeScheduleBody,
  encodeTokenBody,
  entryBody
} from './entry.js'
import type { Sequencer } from './ports.js'
import type { AggregateEventsRequest } from './read/aggregate-reader.js'
import { EventTracker, type TrackerOptions, type TrackerSink } from './read/event-tracker.js'
import { searchToken } from './read/token-search.js'
import { ReplaceableState } from './state/replaceable-state.js'
import { readError, writeError } from './storage-error.js'

/** Longer tokens were never given, and an unknown token is no error. */
const TOKEN_CHARACTERS_MAX = 255

export interface ContextStoreOptions {
  readonly group: number
  readonly limits: AppendLimits
  readonly tracker: TrackerOptions
  readonly clock: Clock
  readonly randomId: () => string
  /** Words why nothing may be written now, for example because the disk is nearly full. */
  readonly refuseWrites: () => string | undefined
}

export interface ContextStoreStats {
  appendedEvents: number
  appendedSnapshots: number
  pendingAppends: number
}

/** What clients do with a context's events: the operations of the EventStore and EventScheduler services, without their transport. */
export class ContextStore {
  readonly #sequences: SequenceCheck
  readonly #trackers = new Set<EventTracker>()
  readonly stats: ContextStoreStats = { appendedEvents: 0, appendedSnapshots: 0, pendingAppends: 0 }
  #closed = false
  #damage: string | undefined
  readonly #state: ReplaceableState
  #scheduled: (dueMs: number) => void = () => {}

  constructor(
    readonly name: string,
    state: ContextState,
    private readonly sequencer: Sequencer,
    private readonly options: ContextStoreOptions
  ) {
    this.#state = new ReplaceableState(state, error => this.#readFailed(error))
    this.#sequences = new SequenceCheck({
      index: () => this.state.index,
      caughtUp: () => this.#caughtUp()
    })
  }

  get state(): ContextState {
    return this.#state.current
  }

  get limits(): AppendLimits {
    return this.options.limits
  }

  /** Words, once a read has met damage: what it needed can not be served, everything else is. */
  get damage(): string | undefined {
    return this.#damage
  }

  get trackers(): ReadonlySet<EventTracker> {
    return this.#trackers
  }

  /** One transaction: stored whole, durable and visible when it resolves, or not at all (EventStore.AppendEvent). */
  async append(events: readonly Buffer[]): Promise<void> {
    if (events.length === 0) return
    const bytes = events.reduce((sum, event) => sum + event.length, 0)
    throwIf(checkSize(events.length, bytes, this.options.limits))
    // Streams look at payload types: an event that they can't read must not get into them.
    for (const event of events) scanEventPayloadType(event)
    const entry = encodeAppendEntry(this.#header(EntryKind.append), events)
    const scan = scanFrames(decodeAppendBody(entryBody(entry)).frames, events.length)
    throwIf(checkAggregates(scan) ?? conflictOf(scan))
    const reserving = this.#sequences.reserve(scan)
    const reserved = reserving instanceof Promise ? await reserving : reserving
    this.state.scans.set(entry, scan)
    await this.#proposeAppend(entry, reserved)
  }

  /** EventStore.AppendSnapshot */
  async appendSnapshot(event: Buffer): Promise<void> {
    const head = scanEvent(event)
    throwIf(checkSize(1, event.length, this.options.limits))
    throwIf(checkAggregate(head.aggregateIdentifier, head.sequenceNumber))
    throwIf(await this.#propose(encodeEntry(this.#header(EntryKind.snapshot), event)))
    this.stats.appendedSnapshots++
  }

  /** Pieces of the answer of EventStore.ListAggregateEvents, the newest snapshot first when it is allowed. */
  async *aggregateEvents(request: AggregateEventsRequest): AsyncGenerator<Buffer[]> {
    if (!mayExist(request.aggregateId)) return
    await this.#caughtUp()
    const { aggregateId, maxSequence } = request
    const to = maxSequence === 0 ? Number.MAX_SAFE_INTEGER : maxSequence
    let from = Math.max(0, request.initialSequence)
    if (request.allowSnapshots && from === 0) {
      const snapshot = await this.#state.read(state => state.snapshots.newest(aggregateId, to))
      if (snapshot !== undefined) {
        yield [markSnapshot(snapshot.event)]
        from = snapshot.sequenceNumber + 1
      }
    }
    yield* this.#state.aggregateEvents({ aggregateId, from, to })
  }

  /** EventStore.ListAggregateSnapshots: newest first; `limit` ≤ 0 is unlimited. */
  async aggregateSnapshots(aggregateId: string, from: number, to: number, limit: number): Promise<Buffer[]> {
    if (!mayExist(aggregateId)) return []
    await this.#caughtUp()
    const range = { from: Math.max(0, from), to, limit: limit > 0 ? limit : Number.MAX_SAFE_INTEGER }
    const snapshots = await this.#state.read(state => state.snapshots.range(aggregateId, range))
    return snapshots.map(snapshot => markSnapshot(snapshot.event))
  }

  /** EventStore.ReadHighestSequenceNr: −1 for an unknown aggregate. */
  async highestSequence(aggregateId: string): Promise<number> {
    await this.#caughtUp()
    const known = this.state.index.highestSequence(aggregateId)
    if (known !== undefined) return known
    return this.#state.read(async ({ index }) => {
      await index.load([aggregateId])
      const loaded = index.highestSequence(aggregateId)
      index.trim()
      return loaded ?? -1
    })
  }

  firstToken(): number {
    return this.state.segments.firstToken
  }

  /** EventStore.GetLastToken: −1 for an empty store. */
  async currentLastToken(): Promise<number> {
    await this.#caughtUp()
    return this.lastToken()
  }

  /** As far as this node has applied; −1 for an empty store. */
  lastToken(): number {
    return this.state.segments.nextToken - 1
  }

  /** Token of the first event whose timestamp is at least `instantMs`; the next token when all are older; −1 when empty. */
  async tokenAt(instantMs: number): Promise<number> {
    await this.#caughtUp()
    return this.#state.read(state => searchToken(state, instantMs))
  }

  /** EventStore.ListEvents: a negative or truncated start is the first event there is. */
  track(fromToken: number, sink: TrackerSink): EventTracker {
    const source = {
      nextToken: () => this.state.segments.nextToken,
      cursor: (from: number) => this.state.segments.cursor(from),
      tail: this.state.tail,
      clock: this.options.clock
    }
    const start = Math.max(fromToken, this.state.segments.firstToken)
    const toCaller: TrackerSink = {
      send: message => sink.send(message),
      end: error => sink.end(error === undefined ? undefined : this.#readFailed(error))
    }
    const tracker = new EventTracker(source, toCaller, this.options.tracker, start, () =>
      this.#trackers.delete(tracker)
    )
    this.#trackers.add(tracker)
    if (this.#state.isBeingReplaced) tracker.hold()
    return tracker
  }

  /** EventScheduler.ScheduleEvent and RescheduleEvent; returns the token of the new entry. */
  async schedule(dueMs: number, event: Buffer, replaces = ''): Promise<string> {
    const { isDomainEvent, aggregateIdentifier, sequenceNumber } = scanEvent(event)
    scanEventPayloadType(event)
    throwIf(checkSize(1, event.length, this.options.limits))
    if (isDomainEvent) throwIf(checkAggregate(aggregateIdentifier, sequenceNumber))
    const token = this.options.randomId()
    const known = replaces.length > TOKEN_CHARACTERS_MAX ? '' : replaces
    const body = encodeScheduleBody({ token, replaces: known, dueMs, event })
    await this.#propose(encodeEntry(this.#header(EntryKind.schedule), ...body))
    this.#scheduled(dueMs)
    return token
  }

  /** Told about every new entry, so that it is published in time. */
  onScheduled(listener: (dueMs: number) => void): void {
    this.#scheduled = listener
  }

  /** EventScheduler.CancelScheduledEvent: an unknown token is no error. */
  async cancelSchedule(token: string): Promise<void> {
    await this.#propose(encodeEntry(this.#header(EntryKind.cancelSchedule), encodeTokenBody(token)))
  }

  /** Publishes a due event now. Resolves with the reason when it can never be published. */
  async fireSchedule(token: string): Promise<ServerError | undefined> {
    const result = await this.#propose(
      encodeEntry(this.#header(EntryKind.fireSchedule), encodeTokenBody(token))
    )
    return result instanceof ServerError ? result : undefined
  }

  /** Reads wait and streams pause until the state that takes the place of this one is given. */
  beginReplacement(): (state: ContextState) => void {
    const finish = this.#state.beginReplacement()
    for (const tracker of this.#trackers) tracker.hold()
    return state => {
      finish(state)
      for (const tracker of this.#trackers) tracker.release()
      state.tail.notify()
    }
  }

  /** Ends every open stream with OK; later calls are refused. */
  closeStreams(): void {
    this.#closed = true
    this.endStreams()
  }

  /** Appends go on: where the server stops, they are answered by whoever leads then. */
  endStreams(): void {
    for (const tracker of [...this.#trackers]) tracker.close()
  }

  async #proposeAppend(entry: Buffer, reserved: Reserved): Promise<void> {
    let failed = true
    this.stats.pendingAppends++
    try {
      const result = await this.#propose(entry)
      throwIf(result)
      this.stats.appendedEvents += (result as AppendResult).count
      failed = false
    } finally {
      this.stats.pendingAppends--
      this.#sequences.release(reserved, failed)
    }
  }

  /** Reads show everything that was confirmed before they came, on whichever node; tracking streams alone do without. */
  #caughtUp(): Promise<void> | undefined {
    return this.sequencer.readBarrier?.(this.options.group)
  }

  #header(kind: number): { kind: number; contextId: number; storedAtMs: number } {
    return { kind, contextId: this.state.options.contextId, storedAtMs: this.options.clock.now() }
  }

  async #propose(entry: Buffer): Promise<unknown> {
    if (this.#closed)
      throw new ServerError('AXONIQ-6000', `Context ${this.name} is being removed or the server is stopping`)
    const refusal = this.options.refuseWrites()
    if (refusal !== undefined) throw new ServerError('AXONIQ-9100', refusal)
    try {
      return await this.sequencer.propose(this.options.group, entry)
    } catch (error) {
      throw writeError(error)
    }
  }

  /** Damage found while reading: the caller is told, and the health of the node says so until a restart. */
  #readFailed(error: unknown): unknown {
    if (error instanceof StorageDamagedError) this.#damage ??= error.message
    return readError(error)
  }
}

function throwIf(result: unknown): void {
  if (result instanceof ServerError) throw result
}
