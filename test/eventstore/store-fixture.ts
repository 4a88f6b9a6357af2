import { Contexts } from '../../src/cluster/index.js'
import { Consensus } from '../../src/consensus/index.js'
import { type ContextStore, EventStore, type EventStoreOptions } from '../../src/eventstore/index.js'
import { ManualClock, silentLogger } from '../../src/kernel/index.js'
import { type FileSystem, Journal, type KeyValueStore } from '../../src/storage/index.js'
import { Event } from '../../src/wire/generated/event.js'
import { encodeMessage } from '../../src/wire/index.js'

export interface StoreFixtureOptions {
  readonly fs: FileSystem
  readonly store: KeyValueStore
  readonly directory: string
  readonly event?: Partial<EventStoreOptions>
  readonly journalFileBytes?: number
  readonly onFatal?: (error: unknown) => void
}

/** Journal, consensus of one voter, event store and contexts put together as the server does it, over whatever disk a test gives. */
export class StoreFixture {
  readonly clock = new ManualClock()
  readonly eventStore: EventStore
  readonly contexts: Contexts
  readonly journal: Journal
  #ids = 0

  private constructor(options: StoreFixtureOptions) {
    const fatal = (error: unknown) => options.onFatal?.(error)
    this.journal = new Journal({
      fs: options.fs,
      directory: `${options.directory}/log`,
      log: silentLogger,
      fileBytes: options.journalFileBytes ?? 1024 * 1024,
      batchBytesMax: 4 * 1024 * 1024,
      queueBytesMax: 64 * 1024 * 1024,
      reserveBytes: 64 * 1024,
      onFatal: fatal
    })
    const sequencer = new Consensus({
      node: 'node-1',
      log: this.journal,
      clock: this.clock,
      runtime: { defer: task => setImmediate(task) },
      random: () => 0.5,
      logger: silentLogger,
      onFatal: fatal
    })
    this.eventStore = new EventStore(
      {
        directory: `${options.directory}/events`,
        suffix: '.events',
        segmentBytesMax: 1024 * 1024,
        tailBytesMax: 64 * 1024,
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
        sequencer,
        clock: this.clock,
        log: silentLogger,
        randomId: () => `id-${this.#ids++}`,
        onFatal: fatal
      }
    )
    this.contexts = new Contexts({
      nodeName: 'node-1',
      eventStore: this.eventStore,
      sequencer,
      messaging: { closeContext: () => {} },
      log: silentLogger
    })
  }

  /** For starts that are meant to fail. */
  static unopened(options: StoreFixtureOptions): StoreFixture {
    return new StoreFixture(options)
  }

  /** Starts, and initialises a node that is new. */
  static async open(options: StoreFixtureOptions): Promise<StoreFixture> {
    const fixture = new StoreFixture(options)
    await fixture.contexts.open()
    await fixture.contexts.initialise(['default'])
    return fixture
  }

  get store(): ContextStore {
    return this.eventStore.get('default')
  }

  async readAggregate(
    aggregateId: string,
    allowSnapshots = false,
    initialSequence = 0,
    maxSequence = 0
  ): Promise<Buffer[]> {
    const read: Buffer[] = []
    for await (const events of this.store.aggregateEvents({
      aggregateId,
      initialSequence,
      maxSequence,
      allowSnapshots
    })) {
      read.push(...events.map(event => Buffer.from(event)))
    }
    return read
  }

  /** All events from a token on, read as a tracker does. */
  async readStream(fromToken = 0): Promise<Buffer[]> {
    const read: Buffer[] = []
    const cursor = this.store.state.segments.cursor(fromToken)
    for (;;) {
      const run = await cursor.next(1000, 1024 * 1024)
      if (run.events.length === 0) break
      if (run.firstToken !== fromToken + read.length)
        throw new Error(`token ${run.firstToken} after ${fromToken + read.length - 1}`)
      read.push(...run.events.map(event => Buffer.from(event)))
    }
    cursor.close()
    return read
  }
}

export function event(
  aggregateIdentifier: string,
  aggregateSequenceNumber: number,
  timestamp = 1000,
  text = ''
): Buffer {
  return encodeMessage(Event, {
    messageIdentifier: `${aggregateIdentifier}/${aggregateSequenceNumber}`,
    aggregateIdentifier,
    aggregateSequenceNumber,
    aggregateType: aggregateIdentifier === '' ? '' : 'Order',
    timestamp,
    payload: { type: 'Happened', revision: '1', data: Buffer.from(text) },
    metaData: {},
    snapshot: false
  })
}
