import { connect, type Socket } from 'node:net'

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** RFC 9113 6. */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9
}
export const endStream = 0x1
const endHeaders = 0x4
const ack = 0x1
/** RFC 9113 6.5.2, SETTINGS_INITIAL_WINDOW_SIZE. */
const initialWindowSize = 4
const headBytes = 9
const frameBytesMax = 16_384

export interface RawConnectionOptions {
  /** What the server may send on one stream before we take it; HTTP/2 says 65,535. */
  readonly streamWindowBytes?: number
  /** False: nothing that arrives is ever taken, as far as HTTP/2 goes. */
  readonly isReading?: boolean
}

/**
 * HTTP/2 by hand, as little of it as a caller of gRPC needs: it can do all that is forbidden, and ten thousand of them are cheap.
 * What the server answers is not decoded, only that it answers.
 */
export class RawConnection {
  /** Streams that the server has ended properly, and those that it has reset. */
  answered = 0
  resets = 0
  isClosed = false
  readonly ready: Promise<void>
  readonly #socket: Socket
  readonly #open = new Map<number, () => void>()
  #nextStreamId = 1
  #windowBytes = 65_535
  #streamWindowBytes = 65_535
  /** Of streams that `writeAll` writes to: what the server takes beyond its settings. */
  readonly #extraBytes = new Map<number, number>()
  #received: Buffer = Buffer.alloc(0)

  constructor(
    port: number,
    private readonly options: RawConnectionOptions = {}
  ) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('error', () => {})
    this.#socket.on('data', chunk => this.#take(chunk))
    this.ready = new Promise(resolve =>
      this.#socket.once('data', () => resolve()).once('close', () => resolve())
    )
    this.#socket.on('close', () => {
      this.isClosed = true
      for (const ended of [...this.#open.values()]) ended()
    })
    this.#socket.write(Buffer.concat([preface, frame(frameTypes.settings, 0, 0, this.#settings())]))
  }

  /** Begins a call; `ended` runs once, when it is over or the connection is. */
  call(path: string, headers: Readonly<Record<string, string>>, ended: () => void): number {
    const id = this.#nextStreamId
    this.#nextStreamId += 2
    const block = headerBlock({ ':method': 'POST', ':scheme': 'http', ':path': path, ...headers })
    if (this.isClosed) setImmediate(ended)
    else this.#open.set(id, ended)
    this.send(frame(frameTypes.headers, endHeaders, id, block))
    return id
  }

  /** As much of the bytes as the server still takes. */
  write(id: number, bytes: Buffer): void {
    const length = Math.min(bytes.length, this.#windowBytes)
    this.#windowBytes -= length
    for (let at = 0; at < length; at += frameBytesMax)
      this.send(frame(frameTypes.data, 0, id, bytes.subarray(at, Math.min(at + frameBytesMax, length))))
  }

  /** All of the bytes, as fast as the server takes them; gives up when the stream or the connection is over. */
  async writeAll(id: number, bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && this.#open.has(id); ) {
      const extraBytes = this.#extraBytes.get(id) ?? 0
      const takenBytes = Math.min(this.#windowBytes, this.#streamWindowBytes + extraBytes, frameBytesMax)
      const part = bytes.subarray(at, at + Math.max(0, takenBytes))
      if (part.length === 0) {
        await new Promise(resolve => setTimeout(resolve, 2))
        continue
      }
      this.send(frame(frameTypes.data, 0, id, part))
      this.#windowBytes -= part.length
      this.#extraBytes.set(id, extraBytes - part.length)
      at += part.length
    }
  }

  end(id: number): void {
    this.send(frame(frameTypes.data, endStream, id, Buffer.alloc(0)))
  }

  reset(id: number, code: number): void {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(code)
    this.send(frame(frameTypes.reset, 0, id, payload))
    this.#ended(id)
  }

  send(bytes: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes)
  }

  /** Takes nothing from the socket any more. */
  stopReading(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#socket.destroy()
  }

  #settings(): Buffer {
    const { streamWindowBytes } = this.options
    if (streamWindowBytes === undefined) return Buffer.alloc(0)
    const payload = Buffer.alloc(6)
    payload.writeUInt16BE(initialWindowSize)
    payload.writeUInt32BE(streamWindowBytes, 2)
    return payload
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    let at = 0
    while (this.#received.length - at >= headBytes) {
      const end = at + headBytes + this.#received.readUIntBE(at, 3)
      if (end > this.#received.length) break
      this.#frame(this.#received.subarray(at, end))
      at = end
    }
    this.#received = this.#received.subarray(at)
  }

  #frame(bytes: Buffer): void {
    const [type, flags] = [bytes[3]!, bytes[4]!]
    const id = bytes.readUInt32BE(5) & 0x7fffffff
    const payload = bytes.subarray(headBytes)
    if (type === frameTypes.settings && (flags & ack) === 0) this.#agree(payload)
    else if (type === frameTypes.ping && (flags & ack) === 0) this.send(frame(type, ack, 0, payload))
    else if (type === frameTypes.windowUpdate) this.#widen(id, payload.readUInt32BE())
    else if (type === frameTypes.data && payload.length > 0) this.#giveBack(id, payload.length)
    if (type === frameTypes.reset) this.resets++
    const isEnd = type === frameTypes.headers && (flags & endStream) !== 0
    if (isEnd) this.answered++
    if (isEnd || type === frameTypes.reset) this.#ended(id)
  }

  #agree(settings: Buffer): void {
    for (let at = 0; at + 6 <= settings.length; at += 6)
      if (settings.readUInt16BE(at) === initialWindowSize)
        this.#streamWindowBytes = settings.readUInt32BE(at + 2)
    this.send(frame(frameTypes.settings, ack, 0, Buffer.alloc(0)))
  }

  #widen(id: number, bytes: number): void {
    if (id === 0) this.#windowBytes += bytes
    else if (this.#extraBytes.has(id)) this.#extraBytes.set(id, this.#extraBytes.get(id)! + bytes)
  }

  #giveBack(id: number, bytes: number): void {
    if (this.options.isReading === false) return
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(bytes)
    this.send(frame(frameTypes.windowUpdate, 0, 0, payload))
    this.send(frame(frameTypes.windowUpdate, 0, id, payload))
  }

  #ended(id: number): void {
    const ended = this.#open.get(id)
    this.#open.delete(id)
    this.#extraBytes.delete(id)
    ended?.()
  }
}

export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

/** Every header spelt out (RFC 7541 6.2.2), so that no state is shared with the server. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = []
  for (const [name, value] of Object.entries(headers))
    parts.push(Buffer.from([0]), literal(name), literal(value))
  return Buffer.concat(parts)
}

/** RFC 7541 5.2, without Huffman coding. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

/** A message as gRPC frames it. */
export function grpcMessage(message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

export const grpcHeaders = { ':authority': 'localhost', 'content-type': 'application/grpc', te: 'trailers' }
