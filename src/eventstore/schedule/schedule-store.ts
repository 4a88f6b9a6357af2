import { contextBucket, decodeOrdered, encodeOrdered, KeyKind } from '../state/keys.js'
import type { StateOverlay } from '../state/state-overlay.js'

export interface ScheduledEvent {
  readonly token: string
  readonly dueMs: number
  readonly event: Buffer
  /** Set when publishing failed for good: kept for the operator, never tried again. */
  readonly failure: string
}

/** Events to publish later. What an entry needs at apply is loaded by `prepare`, so that apply never waits. */
export class ScheduleStore {
  readonly #loaded = new Map<string, ScheduledEvent | undefined>()

  constructor(
    private readonly options: { readonly keySpace: number; readonly state: StateOverlay },
    private waiting: number
  ) {}

  /** Events that wait for their time. */
  get count(): number {
    return this.waiting
  }

  /** Undefined when the entry is in memory already. */
  prepare(token: string): Promise<void> | undefined {
    if (token === '' || this.options.state.peek(this.#bucket(), Buffer.from(token, 'utf8')) !== undefined)
      return undefined
    return this.#load(token)
  }

  /** The entry as `prepare` or memory knows it; only while it waits. */
  find(token: string): ScheduledEvent | undefined {
    const value = this.options.state.peek(this.#bucket(), Buffer.from(token, 'utf8'))
    const found =
      value === undefined ? this.#loaded.get(token) : value === null ? undefined : decode(token, value)
    return found?.failure === '' ? found : undefined
  }

  put(scheduled: ScheduledEvent): void {
    this.options.state.put(this.#bucket(), Buffer.from(scheduled.token, 'utf8'), encode(scheduled))
    if (scheduled.failure !== '') return
    this.options.state.put(this.#dueBucket(), dueSuffix(scheduled), NOTHING)
    this.waiting++
  }

  /** Unknown, fired and cancelled tokens are no error. */
  remove(token: string): ScheduledEvent | undefined {
    const scheduled = this.find(token)
    this.#loaded.delete(token)
    if (scheduled === undefined) return undefined
    this.options.state.delete(this.#bucket(), Buffer.from(token, 'utf8'))
    this.options.state.delete(this.#dueBucket(), dueSuffix(scheduled))
    this.waiting--
    return scheduled
  }

  fail(scheduled: ScheduledEvent, failure: string): void {
    this.remove(scheduled.token)
    this.put({ ...scheduled, failure })
  }

  /** Tokens due before `untilMs`, soonest first. */
  async due(untilMs: number, limit: number): Promise<{ readonly token: string; readonly dueMs: number }[]> {
    const items = await this.options.state.range(this.#dueBucket(), {
      lt: encodeOrdered(Math.max(0, untilMs)),
      limit
    })
    return items.map(item => ({ dueMs: decodeOrdered(item.suffix), token: item.suffix.toString('utf8', 8) }))
  }

  async #load(token: string): Promise<void> {
    const value = await this.options.state.get(this.#bucket(), Buffer.from(token, 'utf8'))
    this.#loaded.clear()
    this.#loaded.set(token, value === undefined ? undefined : decode(token, value))
  }

  #bucket(): Buffer {
    return contextBucket(KeyKind.schedule, this.options.keySpace)
  }

  #dueBucket(): Buffer {
    return contextBucket(KeyKind.scheduleDue, this.options.keySpace)
  }
}

const NOTHING = Buffer.alloc(0)
/** The text may repeat an aggregate's identifier, which may be long. */
const FAILURE_CHARACTERS_MAX = 1000

function dueSuffix(scheduled: ScheduledEvent): Buffer {
  return Buffer.concat([encodeOrdered(Math.max(0, scheduled.dueMs)), Buffer.from(scheduled.token, 'utf8')])
}

/** `f64 dueMs, u16 length, failure text, event`. */
function encode(scheduled: ScheduledEvent): Buffer {
  const failure = Buffer.from(scheduled.failure.slice(0, FAILURE_CHARACTERS_MAX), 'utf8')
  const head = Buffer.allocUnsafe(10)
  head.writeDoubleBE(scheduled.dueMs, 0)
  head.writeUInt16BE(failure.length, 8)
  return Buffer.concat([head, failure, scheduled.event])
}

function decode(token: string, value: Buffer): ScheduledEvent {
  const end = 10 + value.readUInt16BE(8)
  return {
    token,
    dueMs: value.readDoubleBE(0),
    failure: value.toString('utf8', 10, end),
    event: value.subarray(end)
  }
}
