import http2, { type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { randomMessage } from './message-generator.js'
import { mutated } from './mutate.js'
import type { Random } from './random.js'
import type { ServedRpc } from './rpc-catalogue.js'

/** The attackers must stay faster than the server. */
const bodyBytesMax = 64 * 1024

export interface Outcome {
  readonly path: string
  readonly status: string
  readonly message: string
}

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_PROTOCOL_ERROR } = http2.constants
const resets = [NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_PROTOCOL_ERROR]
const oddHeaders: readonly OutgoingHttpHeaders[] = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/grpc+json' },
  { 'grpc-timeout': 'banana' },
  { 'grpc-timeout': '1n' },
  { 'grpc-timeout': '99999999H' },
  { 'grpc-encoding': 'gzip' },
  { 'grpc-encoding': 'constructor' },
  { 'grpc-encoding': 'br' },
  { 'grpc-accept-encoding': 'x'.repeat(1000) },
  { 'axoniq-context': 'nowhere' },
  { 'axoniq-context': '_admin' },
  { 'axoniq-context': '__proto__' },
  { 'axoniq-context': 'c'.repeat(8000) },
  { 'axoniq-access-token': 'wrong' },
  { 'x-bin': 'not base64!' },
  { ':method': 'GET' },
  { te: 'trailers' }
]

const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024))

/** One connection through which wrong calls come; it connects anew when the server has had enough. */
export class RpcAttacker {
  calls = 0
  connects = 0
  readonly outcomes = new Map<string, number>()
  readonly suspicious: Outcome[] = []
  #session: ClientHttp2Session | undefined

  constructor(
    private readonly address: string,
    private readonly rpcs: readonly ServedRpc[],
    private readonly random: Random
  ) {}

  /** One call, until it is over. */
  attack(): Promise<void> {
    const { random } = this
    this.calls++
    const { path, method } = random.pick(this.rpcs)
    const valid = randomMessage(random, method.input)
    const stream = this.#connected().request({
      ':method': 'POST',
      ':path': random.chance(0.03) ? random.pick(['/', `${path}x`, '/a/b', path.toLowerCase()]) : path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(random.chance(0.15) ? random.pick(oddHeaders) : {})
    })
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        // A stream with unread data does not close.
        stream.resume()
        stream.close(random.pick(resets))
      }, 5 + random.below(150))
      const record = (headers: Record<string, unknown>) => this.#record(path, headers)
      stream.on('response', record)
      stream.on('trailers', record)
      stream.on('error', () => {})
      if (!random.chance(0.1)) stream.resume()
      stream.on('close', () => {
        clearTimeout(timer)
        resolve()
      })
      for (const bytes of this.#body(valid)) stream.write(bytes)
      const ending = random.below(10)
      if (ending < 6) stream.end()
      else if (ending < 8) stream.close(random.pick(resets))
    })
  }

  close(): void {
    this.#session?.destroy()
  }

  #connected(): ClientHttp2Session {
    const { random } = this
    if (this.#session !== undefined && random.chance(0.003)) this.#session.destroy()
    if (this.#session === undefined || this.#session.destroyed || this.#session.closed) {
      this.connects++
      this.#session = http2.connect(`http://${this.address}`)
      this.#session.on('error', () => {})
    }
    return this.#session
  }

  /** Most calls have one message, some none or many. */
  #body(valid: Buffer): Buffer[] {
    const { random } = this
    const wanted = random.chance(0.6) ? 1 : random.below(random.chance(0.9) ? 5 : 200)
    const count = Math.min(wanted, 1 + Math.floor(bodyBytesMax / (valid.length + 1)))
    const parts = Array.from({ length: count }, () => this.#framed(this.#message(valid)))
    if (random.chance(0.3)) return parts
    // Elsewhere than where messages begin and end.
    const all = Buffer.concat(parts)
    const at = random.below(all.length + 1)
    return [all.subarray(0, at), random.chance(0.9) ? all.subarray(at) : Buffer.alloc(0)]
  }

  #message(valid: Buffer): Buffer {
    const { random } = this
    const kind = random.below(10)
    if (kind < 4) return valid
    if (kind < 8) return mutated(valid, random)
    return random.bytes(random.length(5_000))
  }

  #framed(message: Buffer): Buffer {
    const { random } = this
    const head = Buffer.alloc(5)
    head.writeUInt32BE(message.length, 1)
    if (random.chance(0.97)) return Buffer.concat([head, message])
    switch (random.below(5)) {
      case 0:
        head[0] = random.below(256)
        return Buffer.concat([head, message])
      case 1:
        head.writeUInt32BE(random.pick([2 ** 32 - 1, 4 * 1024 * 1024 + 1, message.length + 1]), 1)
        return Buffer.concat([head, message])
      case 2:
        return Buffer.concat([Buffer.from([1]), head.subarray(1), message])
      case 3: {
        head[0] = 1
        head.writeUInt32BE(bomb.length, 1)
        return Buffer.concat([head, bomb])
      }
      default: {
        const oversized = 4 * 1024 * 1024 + 1
        head.writeUInt32BE(oversized, 1)
        return Buffer.concat([head, Buffer.alloc(random.chance(0.1) ? oversized : 1000)])
      }
    }
  }

  #record(path: string, headers: Record<string, unknown>): void {
    const status =
      headers['grpc-status'] ?? (headers[':status'] === 200 ? undefined : `http ${headers[':status']}`)
    if (status === undefined) return
    this.outcomes.set(String(status), (this.outcomes.get(String(status)) ?? 0) + 1)
    const message = decodeURIComponent(String(headers['grpc-message'] ?? ''))
    // Words of an engine that stumbled, not of a server that explains.
    if (/Cannot read|is not a function|undefined|is not iterable|Invalid (array|string) length/.test(message))
      this.suspicious.push({ path, status: String(status), message })
  }
}
