import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Keeps two processes from writing to one directory. The lock of a process that is gone is taken over. */
export class DirectoryLock {
  readonly #path: string

  constructor(private readonly directory: string) {
    this.#path = join(directory, 'lock')
  }

  async take(): Promise<void> {
    await mkdir(this.directory, { recursive: true })
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        await writeFile(this.#path, `${process.pid}`, { flag: 'wx' })
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
    const pid = Number(await readFile(this.#path, 'utf8').catch(() => '0'))
    if (pid !== process.pid && isAlive(pid)) {
      throw new Error(
        `Process ${pid} uses ${this.directory} already (${this.#path}). Stop it, or give this node directories of its own (axoniq.axonserver.replication.log-storage-folder, axoniq.axonserver.controldb-path, axoniq.axonserver.event.storage)`
      )
    }
    await rm(this.#path, { force: true })
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
