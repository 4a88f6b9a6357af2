import { dirname, join } from 'node:path'
import type { Logger } from '../../src/kernel/index.js'
import type { KeyRange, KeyValueBatch, KeyValueStore, KeyValueStoreInfo } from '../../src/storage/index.js'
import { type Binding, bindings, installedVersion } from './bindings.js'
import { assertFits, readMarker, writeMarker } from './engine-marker.js'
import { LevelStore } from './level-store.js'
import { bindingWorks } from './probe.js'

export interface EngineOptions {
  /** Directory of the engine's files. */
  readonly directory: string
  /** myelin.storage.engine */
  readonly engine: string
  readonly log: Logger
}

/** A store whose binding is chosen when it is opened, because the choice reads the disk. */
export class EngineStore implements KeyValueStore {
  #store: LevelStore | undefined

  constructor(private readonly options: EngineOptions) {}

  get info(): KeyValueStoreInfo {
    return this.#store?.info ?? { engine: 'not open', persistent: true }
  }

  async open(): Promise<void> {
    const { directory, log } = this.options
    const marker = await readMarker(directory)
    const binding = await chooseBinding(this.options, marker?.binding)
    if (marker === undefined) await writeMarker(directory, binding)
    else assertFits(marker, binding, directory)
    const engine = `${binding.packageName} ${installedVersion(binding)} (${binding.family})`
    this.#store = new LevelStore(
      { engine, persistent: true },
      directory,
      binding.create(join(directory, 'db'))
    )
    await this.#store.open()
    log.info({ engine, directory }, 'state store opened')
  }

  async close(): Promise<void> {
    await this.#store?.close()
  }

  get(key: Buffer): Promise<Buffer | undefined> {
    return this.#opened().get(key)
  }

  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return this.#opened().getMany(keys)
  }

  batch(): KeyValueBatch {
    return this.#opened().batch()
  }

  iterate(range: KeyRange): AsyncIterable<readonly [key: Buffer, value: Buffer]> {
    return this.#opened().iterate(range)
  }

  approximateSize(range: KeyRange): Promise<number> {
    return this.#opened().approximateSize(range)
  }

  compact(range: KeyRange): Promise<void> {
    return this.#opened().compact(range)
  }

  #opened(): LevelStore {
    if (this.#store === undefined) throw new Error(`the state store in ${this.options.directory} is not open`)
    return this.#store
  }
}

/** The one that is asked for, else the one that wrote the directory, else the first that works here. */
async function chooseBinding(
  { directory, engine, log }: EngineOptions,
  writtenBy: string | undefined
): Promise<Binding> {
  const cacheDirectory = dirname(directory)
  const wanted = engine === 'auto' ? writtenBy : engine
  for (const binding of bindings) {
    if (wanted !== undefined && binding.name !== wanted) continue
    if (await bindingWorks(binding, cacheDirectory)) return binding
    log.debug({ binding: binding.packageName }, 'this storage engine does not work here')
  }
  const here = `Node ${process.version} on ${process.platform}-${process.arch}`
  if (wanted !== undefined) {
    throw new Error(
      `The storage engine ${wanted} does not work with ${here}. Run a Node version that it supports, or choose another engine (myelin.storage.engine) for an empty directory`
    )
  }
  throw new Error(
    `No storage engine works with ${here}: install one of ${bindings.map(({ packageName }) => packageName).join(', ')}`
  )
}
