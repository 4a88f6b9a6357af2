import type { KeyRange, KeyValueStoreInfo } from '../../src/storage/index.js'
import type { Engine, EngineBatch, EngineIterator, Entry } from './engine.js'
import { damagedStore, engineError } from './engine-errors.js'
import { StoreIteration } from './store-iteration.js'
import { openValue } from './value-seal.js'

export interface OpenedEngine {
  readonly engine: Engine
  readonly info: KeyValueStoreInfo
}

export interface EngineSessionOptions extends OpenedEngine {
  readonly directory: string
  /** An iteration holds what it sees on disk, so a leak of them would fill it. */
  readonly iterationsMax: number
}

/**
 * An engine from open to close. Counts the calls under way, because an engine that is closed under one may end the process; verifies
 * what the engine gives; and says in words what it reports.
 */
export class EngineSession {
  readonly #iterations = new Set<StoreIteration>()
  #callsUnderWay = 0
  #whenIdle: (() => void) | undefined
  #ended: Error | undefined

  constructor(private readonly options: EngineSessionOptions) {}

  get info(): KeyValueStoreInfo {
    return this.options.info
  }

  get openIterations(): number {
    return this.#iterations.size
  }

  assertUsable(): void {
    if (this.#ended !== undefined) throw this.#ended
  }

  async call<T>(operation: (engine: Engine) => Promise<T>): Promise<T> {
    this.assertUsable()
    return this.#count(() => operation(this.options.engine))
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    const sealed = await this.call(engine => engine.getMany(keys))
    return sealed.map((value, i) => (value === undefined ? undefined : this.#verified(keys[i]!, value)))
  }

  batch(): EngineBatch {
    this.assertUsable()
    return this.options.engine.batch()
  }

  iterate(range: KeyRange): StoreIteration {
    this.assertUsable()
    this.#assertRoomForIteration()
    const iteration = new StoreIteration(this, this.options.engine.iterator(range))
    this.#iterations.add(iteration)
    return iteration
  }

  async readPage(iterator: EngineIterator, entriesMax: number): Promise<readonly Entry[]> {
    const page = await this.call(() => iterator.next(entriesMax))
    return page.map(([key, sealed]) => [key, this.#verified(key, sealed)])
  }

  /** Also after the end, which closes what is open still. */
  closeIterator(iteration: StoreIteration, iterator: EngineIterator): Promise<void> {
    this.#iterations.delete(iteration)
    return this.#count(() => iterator.close())
  }

  /** Refuses further calls with `reason`, waits for those under way, and closes iterations and engine. */
  async end(reason: Error): Promise<void> {
    this.#ended = reason
    await this.#idle()
    for (const iteration of [...this.#iterations]) await iteration.close()
    await this.#idle()
    await this.#count(() => this.options.engine.close())
  }

  async #count<T>(operation: () => Promise<T>): Promise<T> {
    this.#callsUnderWay++
    try {
      return await operation()
    } catch (error) {
      throw engineError(error, this.options.directory)
    } finally {
      if (--this.#callsUnderWay === 0) this.#whenIdle?.()
    }
  }

  #idle(): Promise<void> {
    if (this.#callsUnderWay === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#whenIdle = resolve
    })
  }

  #verified(key: Buffer, sealed: Buffer): Buffer {
    const value = openValue(key, sealed)
    if (value !== undefined) return value
    throw damagedStore(
      this.options.directory,
      `the value of key ${key.subarray(0, 64).toString('hex')} does not fit its checksum`
    )
  }

  #assertRoomForIteration(): void {
    const { iterationsMax, directory } = this.options
    if (this.#iterations.size < iterationsMax) return
    throw new Error(
      `The state store in ${directory} has ${iterationsMax} iterations open, the most there may be: one that is begun must be walked to its end or left`
    )
  }
}
