import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRunning, type ProcessIdentity, thisProcess } from './process-identity.js'

/** Keeps two processes from writing to one directory. The lock of a process that is gone is taken over. */
export class DirectoryLock {
  readonly #path: string

  constructor(private readonly directory: string) {
    this.#path = join(directory, 'lock')
  }

  async take(): Promise<void> {
    await mkdir(this.directory, { recursive: true })
    const content = JSON.stringify(await thisProcess())
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        await writeFile(this.#path, content, { flag: 'wx' })
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        await this.#removeIfStale()
      }
    }
    throw new Error(`${this.#path} appears again and again: another process starts in this directory`)
  }

  release(): Promise<void> {
    return rm(this.#path, { force: true })
  }

  async #removeIfStale(): Promise<void> {
    const holder = await this.#holder()
    if (holder !== undefined && (await isRunning(holder))) {
      throw new Error(
        `Process ${holder.pid} uses ${this.directory} already (${this.#path}). Stop it, or give this node directories of its own (axoniq.axonserver.replication.log-storage-folder, axoniq.axonserver.controldb-path, axoniq.axonserver.event.storage)`
      )
    }
    await rm(this.#path, { force: true })
  }

  /** Undefined for a lock that was cut off while it was written. */
  async #holder(): Promise<ProcessIdentity | undefined> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8')) as ProcessIdentity
    } catch {
      return undefined
    }
  }
}
