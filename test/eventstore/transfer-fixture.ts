import {
  type CommittedEntry,
  type ContextStore,
  EventStore,
  type EventStoreOptions,
  type LogPosition,
  type Sequencer,
  type StateMachine,
  type StateSource
} from '../../src/eventstore/index.js'
import { ManualClock, silentLogger } from '../../src/kernel/index.js'
import type { FileSystem, KeyValueStore } from '../../src/storage/index.js'
import { SeededRandom } from '../../src/storage/testing.js'
import { event } from './store-fixture.js'

export const GROUP = 7
const DEFINITION = { name: 'default', contextId: 3, group: GROUP, directory: 'default' }
export const AGGREGATES = Array.from({ length: 12 }, (_, i) => `aggregate-${i}`)
const MEMBERSHIP = { self: 1, conf: { voters: [1, 2] } }

/** What the members of a group agreed on, and how far each of them has it in its own log: both outlive any of them. */
export class GroupHistory {
  readonly entries: CommittedEntry[] = []

  get lastIndex(): number {
    return this.entries.length
  }

  add(data: Buffer): CommittedEntry {
    const entry = { index: this.entries.length + 1, term: 1 + Math.floor(this.entries.length / 100), data }
    this.entries.push(entry)
    return entry
  }
}

/** Applies what it is told to, in order; a proposal is agreed on at once. */
class HistorySequencer implements Sequencer {
  readonly replayBytes = 0
  position: LogPosition = { index: 0, term: 0 }
  machine: StateMachine | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly history: GroupHistory,
    private readonly known: () => number
  ) {}

  async open() {
    return []
  }

  async start(_group: number, machine: StateMachine, applied: LogPosition): Promise<void> {
    this.machine = machine
    this.position = applied
    await this.follow(this.known())
  }

  propose(_group: number, data: Buffer): Promise<unknown> {
    return this.follow(this.history.add(data).index)
  }

  /** Resolves with the result of the last entry. */
  follow(index: number): Promise<unknown> {
    const following = this.#turn.then(() => this.#apply(index))
    this.#turn = following.catch(() => {})
    return following
  }

  /** Nothing is applied while the task runs. */
  pause(task: () => Promise<void>): Promise<void> {
    const paused = this.#turn.then(task)
    this.#turn = paused.catch(() => {})
    return paused
  }

  remove(): void {}
  checkpointed(): void {}
  applied(): LogPosition {
    return this.position
  }
  async close(): Promise<void> {
    await this.#turn
  }

  async #apply(upTo: number): Promise<unknown> {
    let result: unknown
    while (this.position.index < upTo) {
      const entry = this.history.entries[this.position.index]!
      await this.machine!.prepare(entry.data)
      result = this.machine!.apply(entry)
      this.position = { index: entry.index, term: entry.term, membership: MEMBERSHIP }
      await this.machine!.endRound()
    }
    return result
  }
}

export interface MemberOptions {
  readonly fs: FileSystem
  readonly store: KeyValueStore
  readonly directory: string
  readonly history: GroupHistory
  /** Last index in this member's own log at a start. */
  readonly known?: number
  readonly event?: Partial<EventStoreOptions>
  readonly onFatal?: (error: unknown) => void
}

/** One member's event store, with a context of a group whose log the test holds. */
export class Member {
  readonly clock = new ManualClock()
  readonly eventStore: EventStore
  readonly sequencer: HistorySequencer
  #ids = 0

  private constructor(readonly options: MemberOptions) {
    this.sequencer = new HistorySequencer(options.history, () => options.known ?? 0)
    this.eventStore = new EventStore(
      {
        directory: options.directory,
        suffix: '.events',
        segmentBytesMax: 8 * 1024,
        tailBytesMax: 16 * 1024,
        readCacheBytesMax: 1024 * 1024,
        unwrittenBytesMax: 4 * 1024 * 1024,
        limits: { eventsMax: 32_767, transactionBytesMax: 16 * 1024 * 1024 },
        tracker: { newPermitsTimeoutMs: 120_000, blacklistedSendAfter: 1000 },
        checkSnapshotSequence: true,
        checkpointIntervalMs: 5000,
        replayBytesMax: 64 * 1024 * 1024,
        freeBytesMin: 0,
        otherDirectories: [],
        ...options.event
      },
      {
        fs: options.fs,
        store: options.store,
        sequencer: this.sequencer,
        clock: this.clock,
        log: silentLogger,
        randomId: () => `id-${this.#ids++}`,
        onFatal: error => options.onFatal?.(error)
      }
    )
  }

  static async open(options: MemberOptions): Promise<Member> {
    const member = new Member(options)
    await member.eventStore.open()
    await member.eventStore.openContext(DEFINITION)
    return member
  }

  get store(): ContextStore {
    return this.eventStore.get('default')
  }

  get machine(): StateMachine {
    return this.sequencer.machine!
  }

  get transfer() {
    return this.machine.transfer!
  }

  checkpoint(): Promise<void> {
    return this.eventStore.checkpointer.run()
  }

  deleteContext(): Promise<void> {
    return this.eventStore.deleteContext(DEFINITION)
  }

  close(): Promise<void> {
    return this.eventStore.close()
  }
}

export interface Moved {
  readonly pieces: number
  readonly bytes: number
}

export class BrokenOff extends Error {
  override readonly name = 'BrokenOff'
}

/** Moves the newest state of one member to another, or up to a piece at which the stream breaks. */
export async function move(
  from: Member,
  to: Member,
  options: { breakAt?: number; onPiece?: (piece: number) => Promise<void> } = {}
): Promise<Moved> {
  const source = await from.transfer.openSource()
  try {
    return await receive(source, to, options)
  } finally {
    source.release()
  }
}

export async function receive(
  source: StateSource,
  to: Member,
  options: { breakAt?: number; onPiece?: (piece: number) => Promise<void> } = {}
): Promise<Moved> {
  const sink = await to.transfer.openSink()
  const moved = { pieces: 0, bytes: 0 }
  try {
    const have = await sink.begin(source.manifest)
    for await (const piece of source.pieces(have)) {
      if (moved.pieces === options.breakAt) throw new BrokenOff('the stream broke')
      await options.onPiece?.(moved.pieces)
      await sink.write(piece)
      moved.pieces++
      moved.bytes += piece.length
    }
    if (options.breakAt !== undefined && moved.pieces <= options.breakAt)
      throw new BrokenOff('before the commit')
    await to.sequencer.pause(async () => {
      await sink.commit(source.position)
      to.sequencer.position = source.position
    })
    return moved
  } catch (error) {
    await sink.abort()
    throw error
  }
}

/** Events of all aggregates, snapshots, scheduled events; of each something replaced or gone. */
export async function work({ store, clock }: Member, rounds: number, seed = 1): Promise<void> {
  const random = new SeededRandom(seed)
  for (let round = 0; round < rounds; round++) {
    const id = AGGREGATES[random.below(AGGREGATES.length)]!
    const next = (await store.highestSequence(id)) + 1
    const count = 1 + random.below(3)
    const payload = 'x'.repeat(random.below(600))
    await store.append(Array.from({ length: count }, (_, i) => event(id, next + i, 1000 + round, payload)))
    if (random.chance(0.1))
      await store.appendSnapshot(event(id, random.below(next + count), 1000, 'snapshot'))
    if (random.chance(0.1)) {
      const token = await store.schedule(clock.now() + 1e9 + round, event('', 0))
      if (random.chance(0.3)) await store.cancelSchedule(token)
    }
  }
}

/** Everything that clients can see of a context. */
export async function contentOf({ store }: Member, aggregateIds: readonly string[]): Promise<unknown> {
  const aggregates: Record<string, unknown> = {}
  for (const id of aggregateIds) {
    const events: string[] = []
    const request = { aggregateId: id, initialSequence: 0, maxSequence: 0 }
    for await (const run of store.aggregateEvents({ ...request, allowSnapshots: false }))
      events.push(...run.map(text))
    const withSnapshot: string[] = []
    for await (const run of store.aggregateEvents({ ...request, allowSnapshots: true }))
      withSnapshot.push(...run.map(text))
    const snapshots = await store.aggregateSnapshots(id, 0, Number.MAX_SAFE_INTEGER, 0)
    const highest = await store.highestSequence(id)
    aggregates[id] = { events, withSnapshot, snapshots: snapshots.map(text), highest }
  }
  const stream = await streamOf(store)
  const tokens: number[] = []
  for (const instant of [0, 1000, 1010, 1050, 1100, 1500, 5000]) tokens.push(await store.tokenAt(instant))
  return {
    aggregates,
    stream,
    tokens,
    first: store.firstToken(),
    last: store.lastToken(),
    due: await store.state.schedules.due(Number.MAX_SAFE_INTEGER, 10_000),
    counts: [store.state.snapshots.count, store.state.schedules.count]
  }
}

export async function streamOf(store: ContextStore, fromToken = 0): Promise<string[]> {
  const read: string[] = []
  const cursor = store.state.segments.cursor(fromToken)
  for (;;) {
    const run = await cursor.next(1000, 1024 * 1024)
    if (run.events.length === 0) break
    read.push(...run.events.map(text))
  }
  cursor.close()
  return read
}

function text(event: Buffer): string {
  return event.toString('latin1')
}
