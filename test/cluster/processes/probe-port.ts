import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { ServerError } from '../../../src/wire/index.js'
import {
  decodeEvents,
  encodeFrame,
  type Frame,
  FrameReader,
  FrameWriter,
  ProbeAnswer,
  ProbeCall,
  type ProbeFault
} from './probe-protocol.js'

export interface ProbeHandlers {
  append(events: Buffer[]): Promise<unknown>
  propose(group: number, data: Buffer): Promise<unknown>
  /** The answer as JSON. */
  command(op: string, args: Readonly<Record<string, unknown>>): Promise<unknown>
}

const NOTHING = Buffer.alloc(0)

/** The listening side of the stream. */
export class ProbePort {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(private readonly handlers: ProbeHandlers) {
    this.#server = createServer({ noDelay: true }, socket => this.#serve(socket))
  }

  async listen(host: string): Promise<number> {
    this.#server.listen(0, host)
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  /** Takes nobody new; whoever is connected gets the answers that are still to come, as long as the process lives. */
  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.unref()
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    const writer = new FrameWriter(bytes => socket.write(bytes))
    const reader = new FrameReader(frame => {
      this.#handle(frame).then(
        answer => writer.write(encodeFrame(frame.call, ProbeAnswer.done, answer)),
        (error: unknown) => writer.write(encodeFrame(frame.call, ProbeAnswer.fault, encodeFault(error)))
      )
    })
    socket.on('data', (piece: Buffer) => reader.take(piece))
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }

  async #handle({ kind, body }: Frame): Promise<Buffer> {
    if (kind === ProbeCall.append) await this.handlers.append(decodeEvents(body))
    else if (kind === ProbeCall.propose) await this.handlers.propose(body.readUInt32BE(0), body.subarray(4))
    else return this.#command(body)
    return NOTHING
  }

  async #command(body: Buffer): Promise<Buffer> {
    const { op, ...args } = JSON.parse(body.toString()) as { op: string; [name: string]: unknown }
    const answer = await this.handlers.command(op, args)
    return answer === undefined ? NOTHING : Buffer.from(JSON.stringify(answer))
  }
}

function encodeFault(error: unknown): Buffer {
  const fault: ProbeFault = {
    name: error instanceof Error ? error.constructor.name : 'unknown',
    message: error instanceof Error ? error.message : String(error),
    ...(error instanceof ServerError ? { code: error.code } : {}),
    ...leaderOf(error)
  }
  return Buffer.from(JSON.stringify(fault))
}

function leaderOf(error: unknown): { leader?: string } {
  const leader = (error as { leader?: unknown }).leader
  return typeof leader === 'string' ? { leader } : {}
}
