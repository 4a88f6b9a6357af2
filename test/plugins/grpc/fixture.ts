import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Test } from 'tap'
import { GrpcServer, type GrpcServerOptions } from '../../../plugins/grpc/grpc-server.js'
import { silentLogger } from '../../../src/kernel/index.js'
import type { GrpcMethod, StreamCall, StreamListener } from '../../../src/wire/grpc/index.js'

export const defaults = {
  port: 0,
  host: '127.0.0.1',
  log: silentLogger,
  keepAliveMs: 0,
  keepAliveTimeoutMs: 5000,
  messageBytesMax: 4 * 1024 * 1024,
  streamBufferBytes: 256 * 1024,
  connectionsMax: 1000,
  drainMs: 200
}

export async function serve(
  t: Test,
  methods: readonly GrpcMethod[],
  options: Partial<GrpcServerOptions> = {}
): Promise<GrpcServer> {
  const server = new GrpcServer({ ...defaults, services: [{ methods }], ...options })
  await server.start()
  t.teardown(() => server.stop())
  return server
}

/** What a stream's listener was told, in order. */
export interface Recorded {
  readonly call: StreamCall
  readonly messages: Buffer[]
  readonly told: string[]
}

/** A streaming method that only takes notes. */
export function recorder(
  path: string,
  kind: 'clientStream' | 'serverStream' | 'bidiStream',
  react: (recorded: Recorded) => Partial<StreamListener> = () => ({})
): { method: GrpcMethod; calls: Recorded[] } {
  const calls: Recorded[] = []
  const open = (call: StreamCall): StreamListener => {
    const recorded: Recorded = { call, messages: [], told: [] }
    const reaction = react(recorded)
    calls.push(recorded)
    return {
      onMessage(message) {
        recorded.messages.push(message)
        reaction.onMessage?.(message)
      },
      onHalfClose() {
        recorded.told.push('halfClose')
        reaction.onHalfClose?.()
      },
      onCancel() {
        recorded.told.push('cancel')
        reaction.onCancel?.()
      },
      onDrain() {
        recorded.told.push('drain')
        reaction.onDrain?.()
      }
    }
  }
  return { method: { kind, path, open }, calls }
}

export interface Connection {
  readonly session: ClientHttp2Session
  readonly socket: Socket
}

export function connect(t: Test, port: number): ClientHttp2Session {
  return connectWithSocket(t, port).session
}

/** With the socket below, to break it. */
export function connectWithSocket(t: Test, port: number): Connection {
  const socket = connectTcp(port, '127.0.0.1')
  const session = http2.connect(`http://127.0.0.1:${port}`, { createConnection: () => socket })
  socket.on('error', () => {})
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  return { session, socket }
}

export function request(
  session: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders = {}
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers
  })
  stream.on('error', () => {})
  return stream
}

export function frame(message: Buffer, flag = 0): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = flag
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

export interface Answer {
  readonly status: string | undefined
  readonly text: string | undefined
  readonly errorCode: string | undefined
  readonly messages: readonly Buffer[]
  readonly resetCode: number
}

/** All that comes back until the stream has closed. */
export function answer(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let fields: Record<string, unknown> = {}
    const note = (headers: Record<string, unknown>): void => {
      fields = { ...fields, ...headers }
    }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('close', () => {
      const text = fields['grpc-message']
      resolve({
        status: fields['grpc-status'] as string | undefined,
        text: text === undefined ? undefined : decodeURI(String(text)),
        errorCode: fields['axoniq-errorcode'] as string | undefined,
        messages: cut(Buffer.concat(chunks)),
        resetCode: stream.rstCode
      })
    })
  })
}

function cut(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let offset = 0; offset < bytes.length; ) {
    const end = offset + 5 + bytes.readUInt32BE(offset + 1)
    messages.push(bytes.subarray(offset + 5, end))
    offset = end
  }
  return messages
}

/** One call with these messages, half-closed after them. */
export function exchange(
  session: ClientHttp2Session,
  path: string,
  messages: readonly Buffer[],
  headers: OutgoingHttpHeaders = {}
): Promise<Answer> {
  const stream = request(session, path, headers)
  const answered = answer(stream)
  stream.end(Buffer.concat(messages.map(message => frame(message))))
  return answered
}

/** Waits until the condition holds; fails the test by throwing if it does not within five seconds. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`It never happened: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

export function activeCalls(server: GrpcServer): number {
  return server.methods.methods.reduce((sum, { counters }) => sum + counters.active, 0)
}
