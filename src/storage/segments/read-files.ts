import assert from 'node:assert'
import type { OpenFile } from '../file-system.js'
import type { Segment } from './segment.js'

interface Entry {
  readonly opening: Promise<OpenFile>
  file: OpenFile | undefined
  users: number
  onIdle: (() => void) | undefined
}

/** The segments that are open for reading, in the whole process: a bounded number, least recently used first. */
export class ReadFiles {
  readonly #entries = new Map<Segment, Entry>()

  constructor(readonly openMax: number) {}

  get open(): number {
    return this.#entries.size
  }

  async read(segment: Segment, target: Buffer, position: number): Promise<number> {
    const entry = await this.#acquire(segment)
    try {
      const file = entry.file ?? (await entry.opening)
      return await file.read(target, position)
    } finally {
      if (--entry.users === 0) entry.onIdle?.()
    }
  }

  /** Blocking; undefined when the file is not open yet. */
  readNow(segment: Segment, target: Buffer, position: number): number | undefined {
    return this.#entries.get(segment)?.file?.readNow(target, position)
  }

  /** Waits for reads that are under way. */
  async close(segment: Segment): Promise<void> {
    assert(segment.closed, 'a segment is marked closed before its file is closed')
    const entry = this.#entries.get(segment)
    if (entry === undefined) return
    this.#entries.delete(segment)
    if (entry.users > 0) await new Promise<void>(resolve => (entry.onIdle = resolve))
    await entry.file?.close()
  }

  async #acquire(segment: Segment): Promise<Entry> {
    const known = this.#entries.get(segment)
    if (known === undefined) await this.#makeRoom()
    assert(!segment.closed, 'the event segments are closed')
    const entry = this.#entries.get(segment) ?? this.#open(segment)
    entry.users++
    this.#entries.delete(segment)
    this.#entries.set(segment, entry)
    return entry
  }

  #open(segment: Segment): Entry {
    const entry: Entry = {
      opening: segment.fs.open(segment.path, 'read'),
      file: undefined,
      users: 0,
      onIdle: undefined
    }
    entry.opening.then(
      file => {
        entry.file = file
      },
      () => this.#entries.delete(segment)
    )
    return entry
  }

  async #makeRoom(): Promise<void> {
    for (const [segment, entry] of this.#entries) {
      if (this.#entries.size < this.openMax) return
      if (entry.users > 0 || entry.file === undefined) continue
      this.#entries.delete(segment)
      await entry.file.close()
    }
  }
}
