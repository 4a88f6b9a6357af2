import { join } from 'node:path'
import type { FileSystem } from '../file-system.js'

const CHUNK = Buffer.alloc(1024 * 1024, 0xff)

/** Room on the disk that is kept so that what is in flight can be finished when the disk is full. */
export class ReserveFile {
  readonly #path: string

  constructor(
    private readonly options: { readonly fs: FileSystem; readonly directory: string; readonly bytes: number }
  ) {
    this.#path = join(options.directory, 'reserve')
  }

  /** Takes the room. Throws StorageFullError, and leaves nothing behind, where there is not enough. */
  async take(): Promise<void> {
    const { fs, bytes } = this.options
    if (bytes === 0) return
    await fs.remove(this.#path)
    const file = await fs.open(this.#path, 'create')
    try {
      for (let at = 0; at < bytes; at += CHUNK.length) {
        await file.write([CHUNK.subarray(0, Math.min(CHUNK.length, bytes - at))], at)
      }
      await file.close()
    } catch (error) {
      await file.close()
      await fs.remove(this.#path)
      throw error
    }
  }

  give(): Promise<void> {
    return this.options.fs.remove(this.#path)
  }
}
