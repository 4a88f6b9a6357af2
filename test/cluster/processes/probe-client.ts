import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  encodeFrame,
  FrameReader,
  FrameWriter,
  ProbeAnswer,
  ProbeCall,
  type ProbeFault
} from './probe-protocol.js'

type Done = (error: Error | undefined, answer?: Buffer) => void

/** The server said no, or that it does not know. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError'

  constructor(readonly fault: ProbeFault) {
    super(`${fault.name}: ${fault.message}`)
  }
}

/** The connection ended before the answer came. */
export class ProbeLostError extends Error {
  override readonly name = 'ProbeLostError'
}

export class ProbeClient {
  readonly #waiting = new Map<number, Done>()
  readonly #writer: FrameWriter
  #next = 0
  #lost = false

  private constructor(private readonly socket: Socket) {
    const reader = new FrameReader(({ call, kind, body }) => this.#answered(call, kind, body))
    this.#writer = new FrameWriter(bytes => socket.write(bytes))
    socket.setNoDelay(true)
    socket.on('data', (piece: Buffer) => reader.take(piece))
    socket.on('error', () => {})
    socket.once('close', () => this.#loseAll())
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<ProbeClient> {
    const socket = connect({ host, port })
    await once(socket, 'connect')
    return new ProbeClient(socket)
  }

  get isLost(): boolean {
    return this.#lost
  }

  /** For load: `done` is called once. */
  call(kind: number, body: Buffer, done: Done): void {
    if (this.#lost) {
      done(new ProbeLostError('the connection was lost'))
      return
    }
    const call = this.#next++ >>> 0
    this.#waiting.set(call, done)
    this.#writer.write(encodeFrame(call, kind, body))
  }

  async command<T>(op: string, args: object = {}): Promise<T> {
    const body = Buffer.from(JSON.stringify({ op, ...args }))
    const answer = await new Promise<Buffer>((resolve, reject) =>
      this.call(ProbeCall.command, body, (error, reply) =>
        error === undefined ? resolve(reply!) : reject(error)
      )
    )
    return (answer.length === 0 ? undefined : JSON.parse(answer.toString())) as T
  }

  close(): void {
    this.socket.destroy()
  }

  #answered(call: number, kind: number, body: Buffer): void {
    const done = this.#waiting.get(call)
    this.#waiting.delete(call)
    if (kind === ProbeAnswer.done) done?.(undefined, body)
    else done?.(new ProbeError(JSON.parse(body.toString()) as ProbeFault))
  }

  #loseAll(): void {
    this.#lost = true
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const done of waiting) done(new ProbeLostError('the connection was lost'))
  }
}
