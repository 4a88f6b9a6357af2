import type { Logger } from '../../src/kernel/index.js'
import {
  checkKey,
  isEmptyRange,
  type KeyRange,
  type KeyValueBatch,
  type KeyValueStore,
  type KeyValueStoreInfo,
  StorageFullError,
  StoreClosedError
} from '../../src/storage/index.js'
import type { EngineBatch, Entry } from './engine.js'
import { EngineSession, type OpenedEngine } from './engine-session.js'
import { BATCH_BYTES_MAX, StoreBatch } from './store-batch.js'
import { WriteQueue } from './write-queue.js'

export interface EngineStoreOptions {
  readonly directory: string
  /** Opens an engine, the first time and after a full disk. */
  readonly openEngine: () => Promise<OpenedEngine>
  readonly log: Logger
  /** Bytes that may still be written where the directory is. */
  readonly freeBytes: () => Promise<number>
  readonly batchBytesMax?: number
  readonly iterationsMax?: number
  readonly waitingWritesMax?: number
  /** How often at most a store that a full disk stopped is opened again. */
  readonly reopenIntervalMs?: number
}

export interface EngineStoreStats {
  reads: number
  iterations: number
  batches: number
  syncedBatches: number
  changes: number
  failedWrites: number
  reopenings: number
}

const ITERATIONS_MAX = 1000
const WAITING_WRITES_MAX = 256
const REOPEN_INTERVAL_MS = 1000
const KEYS_PER_READ = 1000
/** Room for what an engine writes while it opens: its log becomes a table. */
const REOPEN_FREE_BYTES = 64 * 1024 * 1024

const NOT_OPEN: KeyValueStoreInfo = { engine: 'not open', persistent: true }

/**
 * A KeyValueStore over any engine. After a write that failed for want of room the engine is opened again before it takes the next
 * one: the first batch that is asked for when there is room sees to it. Reads go on meanwhile.
 */
export class EngineStore implements KeyValueStore {
  readonly stats: EngineStoreStats = {
    reads: 0,
    iterations: 0,
    batches: 0,
    syncedBatches: 0,
    changes: 0,
    failedWrites: 0,
    reopenings: 0
  }
  readonly #writes: WriteQueue
  readonly #closedError: StoreClosedError
  #session: EngineSession | undefined
  #opening: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #recovery: Promise<void> | undefined
  /** While there is no engine: it is being closed and opened again. */
  #reopening: Promise<void> | undefined
  #nextRecoveryMs = 0

  constructor(private readonly options: EngineStoreOptions) {
    this.#writes = new WriteQueue(options.waitingWritesMax ?? WAITING_WRITES_MAX)
    this.#closedError = new StoreClosedError(`The state store in ${options.directory} is not open`)
  }

  get info(): KeyValueStoreInfo {
    return this.#session?.info ?? NOT_OPEN
  }

  get openIterations(): number {
    return this.#session?.openIterations ?? 0
  }

  /** In words, while the store takes no changes. */
  get writeFailure(): string | undefined {
    return this.#writes.failure?.message
  }

  async open(): Promise<void> {
    await this.#closing
    this.#opening ??= this.#openSession().catch(error => {
      this.#opening = undefined
      throw error
    })
    await this.#opening
  }

  close(): Promise<void> {
    this.#closing ??= this.#close().finally(() => {
      this.#closing = undefined
    })
    return this.#closing
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    checkKey(key)
    this.stats.reads++
    const session = this.#usableNow() ?? (await this.#usableSoon())
    return (await session.getMany([key]))[0]
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    for (const key of keys) checkKey(key)
    this.stats.reads += keys.length
    const session = this.#usableNow() ?? (await this.#usableSoon())
    const values: (Buffer | undefined)[] = []
    for (let at = 0; at < keys.length; at += KEYS_PER_READ) {
      for (const value of await session.getMany(keys.slice(at, at + KEYS_PER_READ))) values.push(value)
    }
    return values
  }

  batch(): KeyValueBatch {
    this.#assertOpen()
    const { failure } = this.#writes
    if (failure !== undefined || this.#session === undefined) {
      this.#recover()
      throw failure ?? this.#closedError
    }
    const session = this.#session
    return new StoreBatch(
      session.batch(),
      (batch, sync, changes) => this.#write(session, batch, { sync, changes }),
      this.options.batchBytesMax ?? BATCH_BYTES_MAX
    )
  }

  iterate(range: KeyRange): AsyncIterable<Entry> {
    this.#assertOpen()
    this.stats.iterations++
    if (isEmptyRange(range)) return noEntries()
    if (this.#session === undefined) return this.#iterateWhenOpen(range)
    return this.#session.iterate(range)
  }

  async approximateSize(range: KeyRange): Promise<number> {
    const session = this.#usableNow() ?? (await this.#usableSoon())
    return isEmptyRange(range) ? 0 : session.call(engine => engine.approximateSize(range))
  }

  async compact(range: KeyRange): Promise<void> {
    const session = this.#usableNow() ?? (await this.#usableSoon())
    if (!isEmptyRange(range)) await session.call(engine => engine.compact(range))
  }

  async #openSession(): Promise<void> {
    const { directory, iterationsMax = ITERATIONS_MAX } = this.options
    const opened = await this.options.openEngine()
    this.#session = new EngineSession({ ...opened, directory, iterationsMax })
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#opening, this.#recovery, this.#writes.whenIdle()])
    const session = this.#session
    const hasFailed = this.#writes.failure !== undefined
    this.#opening = undefined
    this.#session = undefined
    this.#writes.forget()
    try {
      await session?.end(this.#closedError)
    } catch (error) {
      // What failed before fails again when it is closed, and was reported then.
      if (!hasFailed) throw error
    }
  }

  async #write(
    session: EngineSession,
    batch: EngineBatch,
    { sync, changes }: { readonly sync: boolean; readonly changes: number }
  ): Promise<void> {
    session.assertUsable()
    await this.#writes.run(() =>
      session
        .call(() => batch.write(sync))
        .catch(error => {
          this.stats.failedWrites++
          throw error
        })
    )
    this.stats.batches++
    this.stats.changes += changes
    if (sync) this.stats.syncedBatches++
  }

  /** In the background: whoever asked gets the failure, and tries again later as after any full disk. */
  #recover(): void {
    if (this.#recovery !== undefined || performance.now() < this.#nextRecoveryMs) return
    this.#nextRecoveryMs = performance.now() + (this.options.reopenIntervalMs ?? REOPEN_INTERVAL_MS)
    this.#recovery = this.#reopenIfRoom()
      .catch(error => {
        const { directory } = this.options
        this.options.log.warn({ directory, error }, 'the state store could not be opened again')
      })
      .finally(() => {
        this.#recovery = undefined
      })
  }

  /** Any failure but a full disk is not ours to get over: the owner ends the process. */
  async #reopenIfRoom(): Promise<void> {
    if (!(this.#writes.failure instanceof StorageFullError)) return
    if ((await this.options.freeBytes()) < REOPEN_FREE_BYTES) return
    const session = this.#session
    this.#session = undefined
    this.#reopening = this.#reopen(session).finally(() => {
      this.#reopening = undefined
    })
    await this.#reopening
  }

  async #reopen(session: EngineSession | undefined): Promise<void> {
    const { directory, log } = this.options
    const words = `The state store in ${directory} was opened again after a full disk: begin again`
    await Promise.allSettled([session?.end(new StorageFullError(words))])
    await this.#openSession()
    this.#writes.forget()
    this.stats.reopenings++
    log.info({ directory }, 'the state store takes changes again after a full disk')
  }

  /** Without a turn of the event loop, so that a call made before `close` is under way when it waits for those. */
  #usableNow(): EngineSession | undefined {
    this.#assertOpen()
    return this.#session
  }

  async #usableSoon(): Promise<EngineSession> {
    await this.#reopening
    this.#assertOpen()
    if (this.#session !== undefined) return this.#session
    this.#recover()
    throw this.#writes.failure ?? this.#closedError
  }

  async *#iterateWhenOpen(range: KeyRange): AsyncGenerator<Entry> {
    yield* (await this.#usableSoon()).iterate(range)
  }

  #assertOpen(): void {
    if (this.#opening === undefined || this.#closing !== undefined) throw this.#closedError
    if (this.#session === undefined && this.#writes.failure === undefined) throw this.#closedError
  }
}

async function* noEntries(): AsyncGenerator<Entry> {}
