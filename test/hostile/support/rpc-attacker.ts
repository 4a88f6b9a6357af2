import { gzipSync } from 'node:zlib'
import { randomMessage } from './message-generator.js'
import { mutated } from './mutate.js'
import type { Random } from './random.js'
import { grpcHeaders, grpcMessage, RawConnection } from './raw-connection.js'
import type { ServedRpc } from './rpc-catalogue.js'

/** The attackers must stay faster than the server. */
const bodyBytesMax = 64 * 1024

const oddHeaders: readonly Readonly<Record<string, string>>[] = [
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
  #answered = 0
  #resets = 0
  #connection: RawConnection | undefined

  constructor(
    private readonly port: number,
    private readonly rpcs: readonly ServedRpc[],
    private readonly random: Random
  ) {}

  /** Calls that the server has ended with trailers, and those that it has reset. */
  get figures(): { readonly answered: number; readonly resets: number } {
    const { answered = 0, resets = 0 } = this.#connection ?? {}
    return { answered: this.#answered + answered, resets: this.#resets + resets }
  }

  /** One call, until it is over. */
  attack(): Promise<void> {
    const { random } = this
    this.calls++
    const { path, method } = random.pick(this.rpcs)
    const wrongPath = random.chance(0.03) ? random.pick(['/', `${path}x`, '/a/b', path.toLowerCase()]) : path
    const headers = { ...grpcHeaders, ...(random.chance(0.15) ? random.pick(oddHeaders) : {}) }
    const connection = this.#connected()
    return new Promise(resolve => {
      const id = connection.call(wrongPath, headers, () => {
        clearTimeout(timer)
        resolve()
      })
      const timer = setTimeout(() => connection.reset(id, random.below(14)), 5 + random.below(150))
      for (const bytes of this.#body(randomMessage(random, method.input))) connection.write(id, bytes)
      const ending = random.below(10)
      if (ending < 6) connection.end(id)
      else if (ending < 8) connection.reset(id, random.below(14))
    })
  }

  close(): void {
    const { answered, resets } = this.figures
    this.#answered = answered
    this.#resets = resets
    this.#connection?.close()
    this.#connection = undefined
  }

  #connected(): RawConnection {
    const { random } = this
    if (this.#connection?.isClosed === true || random.chance(0.003)) this.close()
    if (this.#connection === undefined) {
      this.connects++
      this.#connection = new RawConnection(this.port, random.chance(0.2) ? { isReading: false } : {})
    }
    return this.#connection
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
    const bytes = grpcMessage(message)
    if (random.chance(0.97)) return bytes
    const head = bytes.subarray(0, 5)
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
}
