import type { Consensus, GroupPosition, StateMachine } from '../../../src/consensus/index.js'
import { type ContextStore, EventStore, type Sequencer } from '../../../src/eventstore/index.js'
import { silentLogger } from '../../../src/kernel/index.js'
import type { KeyValueStore, LogStorage } from '../../../src/storage/index.js'
import type { AppendOperation, LoggedValue } from '../history/operation.js'
import { delayedStore } from './delayed-store.js'
import { encodeEvents, ValueReader } from './event-values.js'
import { type Host, isCertainFailure, NotDoneError } from './host.js'
import type { JournalDisk } from './journal-disk.js'
import { STEP_MS } from './node-config.js'
import { createConsensus } from './node-consensus.js'
import type { ProcessClock } from './process-clock.js'
import type { SimulatedProcess } from './simulated-process.js'
import { watched } from './watched-machine.js'

const RUN_EVENTS_MAX = 100
const RUN_BYTES_MAX = 64 * 1024
const READ_ATTEMPTS_MAX = 10

export interface EventStoreHostOptions {
  readonly process: SimulatedProcess
  readonly clock: ProcessClock
  readonly log: LogStorage
  readonly disk: JournalDisk
}

/** The product's event store over the product's driver, one context for each group, as the server puts them together. */
export async function bootEventStore(options: EventStoreHostOptions): Promise<Host> {
  const { process } = options
  const { world } = process
  const consensus = createConsensus({
    ...options,
    checkpointNeeded: () => void host.eventStore.checkpointer.run().catch(() => {})
  })
  const host = new EventStoreHost(consensus, options)
  const restored = await host.eventStore.open()
  const positions = new Map([...restored].map(([group, { position }]) => [group, position as GroupPosition]))
  for (const { id, observer } of world.groups) {
    const { index, membership } = positions.get(id) ?? world.firstPosition(process.id)
    world.guard(() =>
      observer.applied.loaded(process.id, { index, conf: membership!.conf, digest: undefined })
    )
  }
  await consensus.open(positions)
  return host
}

class EventStoreHost implements Host {
  readonly eventStore: EventStore
  /** What the driver said of a proposal whose fate is not known. */
  readonly #uncertain = new WeakSet<object>()

  constructor(
    readonly consensus: Consensus,
    private readonly options: EventStoreHostOptions
  ) {
    const { process, clock, disk } = options
    const { world } = process
    let ids = 0
    this.eventStore = new EventStore(
      {
        directory: 'events',
        suffix: '.events',
        segmentBytesMax: 2048,
        tailBytesMax: 4096,
        readCacheBytesMax: 64 * 1024,
        unwrittenBytesMax: 1024 * 1024,
        limits: { eventsMax: 32_767, transactionBytesMax: 16 * 1024 * 1024 },
        tracker: { newPermitsTimeoutMs: 120_000, blacklistedSendAfter: 1000 },
        checkSnapshotSequence: true,
        checkpointIntervalMs: world.config.checkpointEvery * STEP_MS,
        replayBytesMax: 64 * 1024,
        freeBytesMin: 0,
        otherDirectories: []
      },
      {
        fs: disk.attachFiles(),
        store: this.#store(disk.store),
        sequencer: this.#sequencer(),
        clock,
        log: silentLogger,
        randomId: () => `id-${process.id}-${process.life}-${ids++}`,
        onFatal: process.onFatal()
      }
    )
  }

  begin(): void {
    const { process } = this.options
    const { world, life } = process
    for (const { id } of world.groups) {
      this.eventStore.openContext(definitionOf(id)).then(
        () => {
          const words = this.eventStore.refused.get(nameOf(id))
          if (words !== undefined) world.startFailed(process, life, new Error(words))
        },
        (error: unknown) => world.startFailed(process, life, error)
      )
    }
    this.eventStore.checkpointer.startTimer()
  }

  async append(group: number, _operation: number, request: AppendOperation): Promise<number | undefined> {
    const { world } = this.options.process
    const events = encodeEvents(request, this.options.clock.now())
    try {
      await this.#contextOf(group).append(events)
    } catch (error) {
      if (this.#isUncertain(error)) throw error
      throw new NotDoneError(String(error))
    }
    return world.groupOf(group).checker.placeOf(request.values[0]!)
  }

  async read(group: number, from: number): ReturnType<Host['read']> {
    await this.consensus.readBarrier(group)
    const length = this.#contextOf(group).lastToken() + 1
    const values = await this.#readUpTo(group, from, length)
    return { length, values: values.map(({ value }) => value) }
  }

  valuesOf(group: number): Promise<readonly LoggedValue[]> {
    return this.#readUpTo(group, 0, this.#contextOf(group).lastToken() + 1)
  }

  /** A state that came from a peer may take the place of the one that is being read. */
  async #readUpTo(group: number, from: number, length: number): Promise<LoggedValue[]> {
    const reader = new ValueReader()
    const values: LoggedValue[] = []
    let cursor = this.#contextOf(group).state.segments.cursor(from)
    for (let attempt = 0; values.length < length - from && attempt < READ_ATTEMPTS_MAX; ) {
      const { events } = await cursor.next(
        Math.min(RUN_EVENTS_MAX, length - from - values.length),
        RUN_BYTES_MAX
      )
      for (const event of events) values.push(reader.read(event))
      if (events.length > 0) continue
      attempt++
      cursor = this.#contextOf(group).state.segments.cursor(from + values.length)
    }
    return values
  }

  #contextOf(group: number): ContextStore {
    return this.eventStore.get(nameOf(group))
  }

  #isUncertain(error: unknown): boolean {
    if (!(error instanceof Error)) return true
    return this.#uncertain.has(error) || (error.cause instanceof Error && this.#uncertain.has(error.cause))
  }

  #store(store: KeyValueStore): KeyValueStore {
    const { process } = this.options
    const slow = delayedStore(store, process)
    return process.world.hooks.keyValueStore?.(slow) ?? slow
  }

  /** The driver, with the first membership for a disk that is empty, and the observer's eye on what is applied. */
  #sequencer(): Sequencer {
    const { consensus } = this
    const { process } = this.options
    const { world } = process
    return {
      open: checkpoints => consensus.open(checkpoints as ReadonlyMap<number, GroupPosition>),
      start: (group, machine, applied) => {
        const product = machine as StateMachine
        const hooked = world.hooks.machine?.(product) ?? product
        const position = applied.index === 0 ? world.firstPosition(process.id) : (applied as GroupPosition)
        return consensus.start(group, watched(hooked, process, world.groupOf(group)), position)
      },
      propose: (group, data) => {
        const proposal = consensus.propose(group, data)
        proposal.catch((error: unknown) => {
          if (error instanceof Error && !isCertainFailure(error)) this.#uncertain.add(error)
        })
        return proposal
      },
      remove: group => consensus.remove(group),
      checkpointed: (group, position) => consensus.checkpointed(group, position as GroupPosition),
      applied: group => consensus.applied(group),
      get replayBytes() {
        return consensus.replayBytes
      },
      close: () => consensus.close()
    }
  }
}

function nameOf(group: number): string {
  return `context-${group}`
}

function definitionOf(group: number) {
  return { name: nameOf(group), contextId: group, group, directory: nameOf(group) }
}
