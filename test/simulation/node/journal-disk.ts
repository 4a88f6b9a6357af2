import { silentLogger } from '../../../src/kernel/index.js'
import { type FileSystem, Journal, type LogStorage } from '../../../src/storage/index.js'
import { CrashingKeyValueStore, FaultyFileSystem } from '../../../src/storage/testing.js'
import type { DurableLog } from '../invariants/durable-log.js'
import { delayed } from './delayed-file-system.js'
import { logOf } from './log-device.js'
import type { ProcessDisk } from './process-disk.js'
import { LogShadow } from './shadowed-log.js'
import type { SimulatedProcess } from './simulated-process.js'
import { StateDevice } from './state-device.js'

const JOURNAL_FILE_BYTES = 64 * 1024

/** The product's journal, on a disk that tears and loses what was not synced; beside it what else a process stores. */
export class JournalDisk implements ProcessDisk {
  readonly states = new StateDevice()
  readonly store = new CrashingKeyValueStore()
  readonly #disk: FaultyFileSystem
  readonly #shadow = new LogShadow()
  #process!: SimulatedProcess

  constructor(
    seed: number,
    private readonly hasRegisters: boolean
  ) {
    this.#disk = new FaultyFileSystem({ seed })
  }

  set process(process: SimulatedProcess) {
    this.#process = process
    this.states.process = process
  }

  /** The files as the present life sees them. */
  attachFiles(): FileSystem {
    const { world } = this.#process
    const files = delayed(this.#disk.attach(), this.#process)
    return world.hooks.fileSystem?.(files) ?? files
  }

  attachLog(): LogStorage {
    const { world, id } = this.#process
    const journal = new Journal({
      fs: this.attachFiles(),
      directory: 'log',
      log: silentLogger,
      fileBytes: JOURNAL_FILE_BYTES,
      batchBytesMax: 4 * 1024 * 1024,
      queueBytesMax: 64 * 1024 * 1024,
      reserveBytes: 4096,
      tailBytesMax: 16 * 1024,
      fillBytes: 8 * 1024,
      onFatal: this.#process.onFatal()
    })
    return this.#shadow.attach({
      inner: journal,
      guard: check => world.guard(check),
      stored: ({ group, entries, hardState }) => {
        const above = entries.length === 0 ? 0 : this.#shadow.confEntriesAbove(group, hardState.commit)
        world.groupOf(group).observer.persisted(id, this.logOf(group), above)
      }
    })
  }

  logOf(group: number): DurableLog {
    return logOf(this.#shadow.durable, group, this.coveredIndex(group))
  }

  coveredIndex(group: number): number {
    if (!this.hasRegisters) return this.#shadow.durable.firstIndex(group) - 1
    return this.states.get(group)?.position.index ?? 0
  }

  crash(): void {
    this.#disk.crash()
    this.store.crash(this.#process.world.diskRandom)
  }
}
