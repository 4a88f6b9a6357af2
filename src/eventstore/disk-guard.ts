import { type Clock, type Logger, reasonOf, type Timer } from '../kernel/index.js'
import type { FileSystem } from '../storage/index.js'

export interface DiskGuardOptions {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly log: Logger
  readonly directories: readonly string[]
  /** myelin.storage.free-bytes-min */
  readonly freeBytesMin: number
}

const CHECK_INTERVAL_MS = 1000

/**
 * Refuses writes while there is still room for what is under way, so that a disk that fills never stops a node half way. Reads
 * go on, and writes too as soon as there is room again.
 */
export class DiskGuard {
  #refusal: string | undefined
  #timer: Timer | undefined

  constructor(private readonly options: DiskGuardOptions) {}

  /** Words why nothing may be written now. */
  get refusal(): string | undefined {
    return this.#refusal
  }

  async start(): Promise<void> {
    await this.check()
    this.#timer = this.options.clock.every(CHECK_INTERVAL_MS, () => void this.check())
  }

  stop(): void {
    this.#timer?.cancel()
  }

  async check(): Promise<void> {
    let refusal: string | undefined
    for (const directory of this.options.directories) refusal ??= await this.#checkDirectory(directory)
    if ((refusal === undefined) !== (this.#refusal === undefined)) {
      if (refusal === undefined) this.options.log.info('there is room on the disk again: events are accepted')
      else this.options.log.error({ reason: refusal }, 'events are refused')
    }
    this.#refusal = refusal
  }

  async #checkDirectory(directory: string): Promise<string | undefined> {
    const { fs, freeBytesMin } = this.options
    try {
      const free = await fs.freeBytes(directory)
      if (free >= freeBytesMin) return undefined
      return `The disk of ${directory} has ${free} bytes left, less than myelin.storage.free-bytes-min (${freeBytesMin}): free some space, reading goes on`
    } catch (error) {
      return `The free space of ${directory} can not be read: ${reasonOf(error)}`
    }
  }
}
