import { join } from 'node:path'
import type { JournalOptions } from './journal-options.js'

/** Not zeros: file systems that leave holes for them would keep no room. */
const CHUNK = Buffer.alloc(1024 * 1024, 0xff)

/** Room on the disk that is kept so that what is in flight can be finished when the disk is full. */
export class ReserveFile {
  readonly #path: string

  constructor(private readonly options: JournalOptions) {
    this.#path = join(options.directory, 'reserve')
  }

  /** Takes the room. Throws StorageFullError, and leaves nothing behind, where there is not enough. */
  async take(): Promise<void> {
    const { fs, reserveBytes } = this.options
    if (reserveBytes === 0 || (await this.#isTaken())) return
    await fs.remove(this.#path)
    const file = await fs.open(this.#path, 'create')
    try {
      for (let at = 0; at < reserveBytes; at += CHUNK.length) {
        await file.write([CHUNK.subarray(0, Math.min(CHUNK.length, reserveBytes - at))], at)
      }
    } catch (error) {
      await file.close()
      await fs.remove(this.#path)
      throw error
    }
    await file.close()
  }

  give(): Promise<void> {
    return this.options.fs.remove(this.#path)
  }

  async #isTaken(): Promise<boolean> {
    const { fs, reserveBytes } = this.options
    if (!(await fs.exists(this.#path))) return false
    const file = await fs.open(this.#path, 'read')
    const size = await file.size()
    await file.close()
    return size === reserveBytes
  }
}
