/**
 * A stream of our own into a server under test or load: `u32 length, u32 call, u8 kind, body` in both directions. Answers carry
 * the number of their call and come in any order.
 */
export const ProbeCall = {
  /** JSON with `op`. */
  command: 0,
  /** A transaction for the event store: per event `u32 length` and its bytes. */
  append: 1,
  /** `u32 group`, then the entry as the state machine knows it. */
  propose: 2
} as const

export const ProbeAnswer = {
  /** JSON, or nothing. */
  done: 0,
  /** JSON of `ProbeFault`. */
  fault: 1
} as const

export interface ProbeFault {
  readonly name: string
  /** AXONIQ-nnnn, where the error has one. */
  readonly code?: string
  readonly message: string
  /** The leader's node, where the error knows it. */
  readonly leader?: string
}

const LENGTH_BYTES = 4
const HEADER_BYTES = 9
const FRAME_BYTES_MAX = 64 * 1024 * 1024

export interface Frame {
  readonly call: number
  readonly kind: number
  readonly body: Buffer
}

export function encodeFrame(call: number, kind: number, body: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  frame.writeUInt32BE(frame.length - LENGTH_BYTES, 0)
  frame.writeUInt32BE(call, 4)
  frame.writeUInt8(kind, 8)
  body.copy(frame, HEADER_BYTES)
  return frame
}

export function encodeEvents(events: readonly Buffer[]): Buffer {
  const body = Buffer.allocUnsafe(events.reduce((sum, event) => sum + LENGTH_BYTES + event.length, 0))
  let at = 0
  for (const event of events) {
    at = body.writeUInt32BE(event.length, at)
    at += event.copy(body, at)
  }
  return body
}

export function decodeEvents(body: Buffer): Buffer[] {
  const events: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const from = at + LENGTH_BYTES
    at = from + body.readUInt32BE(at)
    events.push(body.subarray(from, at))
  }
  return events
}

/** Cuts what a socket delivers into frames. */
export class FrameReader {
  #rest: Buffer[] = []
  #restBytes = 0
  #needed = LENGTH_BYTES

  constructor(private readonly onFrame: (frame: Frame) => void) {}

  take(piece: Buffer): void {
    this.#rest.push(piece)
    this.#restBytes += piece.length
    if (this.#restBytes < this.#needed) return
    const bytes = this.#rest.length === 1 ? piece : Buffer.concat(this.#rest)
    const at = this.#cut(bytes)
    this.#rest = at < bytes.length ? [bytes.subarray(at)] : []
    this.#restBytes = bytes.length - at
  }

  #cut(bytes: Buffer): number {
    let at = 0
    this.#needed = LENGTH_BYTES
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readUInt32BE(at) + LENGTH_BYTES
      if (length > FRAME_BYTES_MAX) throw new Error(`a frame of ${length} bytes`)
      this.#needed = length
      if (bytes.length - at < length) break
      const body = bytes.subarray(at + HEADER_BYTES, at + length)
      this.onFrame({ call: bytes.readUInt32BE(at + 4), kind: bytes.readUInt8(at + 8), body })
      at += length
      this.#needed = LENGTH_BYTES
    }
    return at
  }
}

/** Gathers the frames of one turn into one write. */
export class FrameWriter {
  #frames: Buffer[] = []

  constructor(private readonly send: (bytes: Buffer) => void) {}

  write(frame: Buffer): void {
    if (this.#frames.push(frame) === 1) queueMicrotask(() => process.nextTick(() => this.#flush()))
  }

  #flush(): void {
    const frames = this.#frames
    this.#frames = []
    this.send(frames.length === 1 ? frames[0]! : Buffer.concat(frames))
  }
}
