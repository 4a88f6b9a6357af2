import { crc32 } from 'node:zlib'
import { ServerError } from '../../wire/index.js'
import type { Checkpointer } from '../checkpoint/checkpointer.js'
import type { LogPosition, StateSink, StateSource, StateTransfer } from '../ports.js'

export interface PayloadTransferOptions {
  readonly group: number
  readonly checkpointer: Checkpointer
  /** Words why no state can be taken now. */
  readonly refuse: () => string | undefined
  /** The payload is durable and takes the place of the state in memory. Does not wait. */
  readonly installed: (payload: unknown, position: LogPosition) => void
}

interface PayloadManifest {
  readonly bytes: number
  readonly checksum: number
}

const PIECE_BYTES = 512 * 1024
const PAYLOAD_BYTES_MAX = 64 * 1024 * 1024
const NOTHING = Buffer.alloc(0)

/** For a state machine whose whole state is the payload of its checkpoint: small enough to be sent from the beginning each time. */
export class PayloadTransfer implements StateTransfer {
  #isTaking = false

  constructor(private readonly options: PayloadTransferOptions) {}

  async openSource(atLeast = 1): Promise<StateSource> {
    const { checkpointer, group } = this.options
    await checkpointer.reach(group, atLeast)
    const newest = checkpointer.newest(group)
    if (newest === undefined || newest.position.index < Math.max(atLeast, 1))
      throw new ServerError(
        'AXONIQ-7000',
        `group ${group} has no checkpoint yet that contains log index ${atLeast}`
      )
    const bytes = Buffer.from(JSON.stringify(newest.payload), 'utf8')
    const manifest: PayloadManifest = { bytes: bytes.length, checksum: crc32(bytes) }
    return {
      position: newest.position,
      manifest: Buffer.from(JSON.stringify(manifest), 'utf8'),
      async *pieces() {
        for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
      },
      release: () => {}
    }
  }

  async openSink(): Promise<StateSink> {
    const refusal = this.#isTaking ? 'it takes one already' : this.options.refuse()
    if (refusal !== undefined)
      throw new ServerError('AXONIQ-1900', `group ${this.options.group} takes no state: ${refusal}`)
    this.#isTaking = true
    return new PayloadSink(this.options, () => {
      this.#isTaking = false
    })
  }
}

class PayloadSink implements StateSink {
  #manifest: PayloadManifest | undefined
  #parts: Buffer[] = []
  #bytes = 0

  constructor(
    private readonly options: PayloadTransferOptions,
    private readonly onEnd: () => void
  ) {}

  async begin(bytes: Buffer): Promise<Buffer> {
    this.#manifest = JSON.parse(bytes.toString('utf8')) as PayloadManifest
    this.#parts = []
    this.#bytes = 0
    if (this.#manifest.bytes > PAYLOAD_BYTES_MAX)
      throw new ServerError(
        'AXONIQ-2200',
        `A peer offers a state of ${this.#manifest.bytes} bytes, ${PAYLOAD_BYTES_MAX} are the most`
      )
    return NOTHING
  }

  async write(piece: Buffer): Promise<void> {
    this.#bytes += piece.length
    if (this.#bytes > (this.#manifest?.bytes ?? 0)) throw notWhole()
    this.#parts.push(Buffer.from(piece))
  }

  async commit(position: LogPosition): Promise<void> {
    const bytes = Buffer.concat(this.#parts)
    if (bytes.length !== this.#manifest?.bytes || crc32(bytes) !== this.#manifest.checksum) throw notWhole()
    const payload: unknown = JSON.parse(bytes.toString('utf8'))
    await this.options.checkpointer.replace(this.options.group, { position, payload })
    this.options.installed(payload, position)
    this.onEnd()
  }

  async abort(): Promise<void> {
    this.#parts = []
    this.onEnd()
  }
}

function notWhole(): ServerError {
  return new ServerError('AXONIQ-2200', 'The state of a peer has not arrived whole')
}
