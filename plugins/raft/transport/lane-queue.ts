import {
  FRAME_BYTES_MAX,
  type GroupMessage,
  MessageType,
  recordBytesMax
} from '../../../src/consensus/index.js'

/**
 * What waits for one lane to one node, bounded in bytes; one message is always taken by an empty queue, so that the largest
 * passes. Of heartbeats only the newest of each group waits: it says all that the older ones said.
 */
export class LaneQueue {
  #waiting: GroupMessage[] = []
  /** Index of the first in `waiting` that was not taken. */
  #next = 0
  readonly #heartbeats = new Map<number, GroupMessage>()
  readonly #responses = new Map<number, GroupMessage>()
  #bytes = 0

  constructor(readonly bytesMax: number) {}

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#next === this.#waiting.length && this.#heartbeats.size === 0 && this.#responses.size === 0
  }

  /** False: it is full, and the message is not taken. Heartbeats are bounded by the number of groups. */
  add(message: GroupMessage): boolean {
    const newest = this.#newestOf(message)
    if (newest !== undefined) {
      newest.set(message.group, message)
      return true
    }
    const bytes = recordBytesMax(message)
    if (this.#bytes > 0 && this.#bytes + bytes > this.bytesMax) return false
    this.#bytes += bytes
    this.#waiting.push(message)
    return true
  }

  /** About one frame's worth, in order; heartbeats first. */
  take(): readonly GroupMessage[] {
    const taken: GroupMessage[] = []
    this.#drain(this.#heartbeats, taken)
    this.#drain(this.#responses, taken)
    let bytes = 0
    while (this.#next < this.#waiting.length) {
      const message = this.#waiting[this.#next] as GroupMessage
      const size = recordBytesMax(message)
      if (bytes > 0 && bytes + size > FRAME_BYTES_MAX) break
      bytes += size
      taken.push(message)
      this.#next++
    }
    this.#bytes -= bytes
    this.#compact()
    return taken
  }

  /** Forgets everything; how many messages that were. */
  clear(): number {
    const count = this.#waiting.length - this.#next + this.#heartbeats.size + this.#responses.size
    this.#waiting = []
    this.#next = 0
    this.#bytes = 0
    this.#heartbeats.clear()
    this.#responses.clear()
    return count
  }

  #newestOf({ message }: GroupMessage): Map<number, GroupMessage> | undefined {
    if (message.type === MessageType.heartbeat) return this.#heartbeats
    return message.type === MessageType.heartbeatResponse ? this.#responses : undefined
  }

  #drain(newest: Map<number, GroupMessage>, taken: GroupMessage[]): void {
    if (newest.size === 0) return
    for (const message of newest.values()) taken.push(message)
    newest.clear()
  }

  #compact(): void {
    if (this.#next === this.#waiting.length) this.#waiting = []
    else if (this.#next < 1024 || this.#next * 2 < this.#waiting.length) return
    else this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }
}
