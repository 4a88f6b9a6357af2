import { reasonOf } from '../../kernel/index.js'
import { type GroupAppend, type LogStorage, StorageBusyError, StorageFullError } from '../../storage/index.js'
import type { Entry, HardState, Message } from '../core/index.js'
import { costOf } from './entry-tail.js'

/** A group as its writer knows it. */
export interface WritingGroup {
  readonly id: number
  /** What was written is on disk: its responses may be delivered now (A9). */
  stored(responses: readonly Message[]): void
  /** There was no room; what was to be written is tried again. */
  noRoom(error: Error): void
  fail(reason: string, cause: unknown): void
}

interface Part {
  readonly group: WritingGroup
  entries: Entry[]
  hardState: HardState
  responses: Message[]
}

class Batch {
  readonly parts = new Map<WritingGroup, Part>()
  bytes = 0
}

export interface LogWriterOptions {
  readonly log: LogStorage
  readonly now: () => number
  /** A batch has ended, well or not: there is work for the loop. */
  readonly ended: () => void
  /** No room: `submit` should be called again after a while. */
  readonly retryLater: () => void
}

/**
 * Writes what all groups have, one gathered append at a time: while one batch is being synced, the next one fills. What promises
 * something about the disk waits with the batch that it speaks of, also when it came without anything to write.
 */
export class LogWriter {
  batches = 0
  failures = 0
  #full: Error | undefined
  #filling = new Batch()
  #writing: Batch | undefined
  #writingSinceMs = 0
  /** No attempt before the retry. */
  #isHeld = false

  constructor(private readonly options: LogWriterOptions) {}

  get isIdle(): boolean {
    return this.#writing === undefined && this.#filling.parts.size === 0
  }

  /** Why nothing new should be begun: there is no room. */
  get refusal(): Error | undefined {
    return this.#full ?? this.options.log.refusal?.()
  }

  get fillingBytes(): number {
    return this.#filling.bytes
  }

  get isWriting(): boolean {
    return this.#writing !== undefined
  }

  /** How long the batch under way has been waiting for the disk. */
  get writingMs(): number {
    return this.#writing === undefined ? 0 : this.options.now() - this.#writingSinceMs
  }

  /** A part for the next batch, with the whole hard state (guard c: run 2849). */
  write(group: WritingGroup, hardState: HardState, append: Pick<Message, 'entries' | 'responses'>): void {
    const { entries, responses } = append
    const part = this.#filling.parts.get(group)
    if (part === undefined) {
      this.#filling.parts.set(group, { group, entries: [...entries], hardState, responses: [...responses] })
    } else {
      part.entries = merged(part.entries, entries)
      part.hardState = hardState
      for (const response of responses) part.responses.push(response)
    }
    for (const entry of entries) this.#filling.bytes += costOf(entry)
  }

  /** Responses without anything to write: they wait for what the group has under way. False: nothing is, deliver them now. */
  joinPending(group: WritingGroup, responses: readonly Message[]): boolean {
    const part = this.#filling.parts.get(group) ?? this.#writing?.parts.get(group)
    if (part === undefined) return false
    for (const response of responses) part.responses.push(response)
    return true
  }

  hasPending(group: WritingGroup): boolean {
    return this.#filling.parts.has(group) || this.#writing?.parts.has(group) === true
  }

  forget(group: WritingGroup): void {
    this.#filling.parts.delete(group)
    this.#writing?.parts.delete(group)
  }

  /** Tries at once what found no room. */
  retry(): void {
    this.#isHeld = false
    this.submit()
  }

  /** Starts the next batch unless one is under way. */
  submit(): void {
    if (this.#writing !== undefined || this.#isHeld || this.#filling.parts.size === 0) return
    const batch = this.#filling
    this.#filling = new Batch()
    this.#writing = batch
    this.#writingSinceMs = this.options.now()
    const parts: GroupAppend[] = []
    for (const { group, entries, hardState } of batch.parts.values()) {
      parts.push({ group: group.id, entries, hardState })
    }
    this.options.log.append(parts).then(
      () => this.#stored(batch),
      (error: unknown) => this.#failed(batch, error)
    )
  }

  #stored(batch: Batch): void {
    this.#writing = undefined
    this.#full = undefined
    this.batches++
    for (const part of batch.parts.values()) part.group.stored(part.responses)
    this.options.ended()
  }

  #failed(batch: Batch, error: unknown): void {
    this.#writing = undefined
    this.failures++
    if (error instanceof StorageFullError || error instanceof StorageBusyError) this.#keep(batch, error)
    else {
      for (const { group } of batch.parts.values())
        group.fail(`its log can not be written: ${reasonOf(error)}`, error)
    }
    this.options.ended()
  }

  /** Nothing of it is on disk, and nothing was promised: it comes again, before what has come since. */
  #keep(batch: Batch, error: Error): void {
    const later = this.#filling
    this.#filling = batch
    for (const part of later.parts.values()) this.write(part.group, part.hardState, part)
    this.#full = error
    this.#isHeld = true
    for (const { group } of batch.parts.values()) group.noRoom(error)
    this.options.retryLater()
  }
}

/** Later entries replace earlier ones from their first index on, as they would in the log. */
function merged(entries: Entry[], more: readonly Entry[]): Entry[] {
  const first = more[0]
  if (first === undefined) return entries
  const start = entries[0]?.index ?? first.index
  if (first.index <= start) return [...more]
  if (first.index < start + entries.length) entries.length = first.index - start
  for (const entry of more) entries.push(entry)
  return entries
}
