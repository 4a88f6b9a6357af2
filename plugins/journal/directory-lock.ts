import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Clock, Timer } from '../../src/kernel/index.js'
import { isRunning, type ProcessIdentity, parseIdentity, thisProcess } from './process-identity.js'

export interface LockBeat {
  readonly clock: Clock
  readonly intervalMs?: number
  /** The lock is another process' now, or cannot be touched: this process must not write any more. */
  readonly onLost: (error: Error) => void
}

const BEAT_MS = 2000
/** A holder in another place is gone when its lock was not touched for so many beats. */
const SILENT_BEATS = 3
const ATTEMPTS_MAX = 3

/**
 * Keeps two processes from writing to one directory. The lock of a process that is gone is taken over: at once where its number can be
 * looked up, and after it has been silent where it cannot (another container or machine on a shared volume).
 */
export class DirectoryLock {
  readonly #path: string
  #content: string | undefined
  #timer: Timer | undefined

  constructor(
    private readonly directory: string,
    private readonly beat?: LockBeat
  ) {
    this.#path = join(directory, 'lock')
  }

  async take(): Promise<void> {
    await mkdir(this.directory, { recursive: true })
    const self = await thisProcess()
    const content = JSON.stringify(self)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (await this.#create(content)) return this.#keepTouching(content)
      await this.#removeIfStale(self)
    }
    throw new Error(`${this.#path} appears again and again: another process starts in this directory`)
  }

  async release(): Promise<void> {
    const content = this.#content
    if (content === undefined) return
    this.#content = undefined
    this.#timer?.cancel()
    if ((await this.#read()) === content) await rm(this.#path, { force: true })
  }

  /** Appears with its content, or not at all. */
  async #create(content: string): Promise<boolean> {
    const draft = `${this.#path}.${process.pid}`
    await writeFile(draft, content)
    try {
      await link(draft, this.#path)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      return false
    } finally {
      await rm(draft, { force: true })
    }
  }

  #keepTouching(content: string): void {
    this.#content = content
    this.#timer = this.beat?.clock.every(this.beat.intervalMs ?? BEAT_MS, () => void this.#touch(content))
  }

  async #removeIfStale(self: ProcessIdentity): Promise<void> {
    const content = await this.#read()
    if (content === undefined) return
    const holder = parseIdentity(content)
    if (holder !== undefined && (await this.#isInUse(holder, self))) throw this.#inUse(holder, self)
    await this.#putAside(content)
  }

  async #isInUse(holder: ProcessIdentity, self: ProcessIdentity): Promise<boolean> {
    if (holder.place === '' || holder.place === self.place) return isRunning(holder)
    const before = await this.#touchedMs()
    // Not by the clock, whose timers let a process end that does nothing else yet.
    await setTimeout((this.beat?.intervalMs ?? BEAT_MS) * SILENT_BEATS)
    return (await this.#touchedMs()) !== before
  }

  /** Between reading and removing another process may have taken the lock: what was moved away must be what was read. */
  async #putAside(stale: string): Promise<void> {
    const aside = `${this.#path}.stale.${process.pid}`
    try {
      await rename(this.#path, aside)
    } catch (error) {
      return ifMissing(error as NodeJS.ErrnoException)
    }
    if ((await readFile(aside, 'utf8')) !== stale) await link(aside, this.#path)
    await rm(aside, { force: true })
  }

  async #touch(content: string): Promise<void> {
    try {
      const found = await this.#read()
      if (this.#content !== content) return
      if (found !== content) throw new Error(`${this.#path} is not the lock of this process any more`)
      const now = new Date()
      await utimes(this.#path, now, now)
    } catch (error) {
      if (this.#content !== content) return
      this.#timer?.cancel()
      this.beat?.onLost(error as Error)
    }
  }

  async #touchedMs(): Promise<number | undefined> {
    return (await stat(this.#path).catch(ifMissing))?.mtimeMs
  }

  #read(): Promise<string | undefined> {
    return readFile(this.#path, 'utf8').catch(ifMissing)
  }

  #inUse({ pid, place }: ProcessIdentity, self: ProcessIdentity): Error {
    const where = place === '' || place === self.place ? '' : ` on ${place.split(' ')[0]}`
    return new Error(
      `Process ${pid}${where} uses ${this.directory} already (${this.#path}). Stop it, or give this node directories of its own (axoniq.axonserver.replication.log-storage-folder, axoniq.axonserver.controldb-path, axoniq.axonserver.event.storage)`
    )
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
