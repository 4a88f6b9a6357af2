import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import type { Test } from 'tap'
import { GrpcServer } from '../../../plugins/grpc/grpc-server.js'
import { commandService } from '../../../plugins/messaging/command-service.js'
import { logConnections } from '../../../plugins/messaging/connection-log.js'
import { platformService } from '../../../plugins/messaging/platform-service.js'
import { processorAdminService } from '../../../plugins/messaging/processor-admin-service.js'
import { type Logger, silentLogger, systemClock } from '../../../src/kernel/index.js'
import { Messaging, type MessagingOptions } from '../../../src/messaging/index.js'
import { CommandProviderInbound, CommandProviderOutbound } from '../../../src/wire/generated/command.js'
import {
  PlatformInboundInstruction,
  PlatformOutboundInstruction
} from '../../../src/wire/generated/control.js'
import { type Codec, decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import { defaultOptions, testNode } from '../../messaging/fixtures.js'

export const packagePath = '/io.axoniq.axonserver.grpc'
const deadlineMs = 5000

/** A log that keeps its lines. */
export class KeptLog implements Logger {
  readonly lines: string[] = []
  readonly trace = () => {}
  readonly debug = () => {}
  readonly info = this.#keep('info')
  readonly warn = this.#keep('warn')
  readonly error = this.#keep('error')

  child(): Logger {
    return this
  }

  #keep(level: string) {
    return (fields: object | string, message?: string) => {
      this.lines.push(`${level} ${typeof fields === 'string' ? fields : message}`)
    }
  }
}

/** Messaging behind a real gRPC port; all of it gone when the test is over. */
export async function startServer(t: Test, changes: Partial<MessagingOptions> = {}) {
  let ids = 0
  const log = new KeptLog()
  const messaging = new Messaging(
    { ...defaultOptions, heartbeat: { ...defaultOptions.heartbeat, enabled: false }, ...changes },
    { clock: systemClock, log: silentLogger, randomId: () => `id-${++ids}`, node: testNode }
  )
  logConnections(messaging, log)
  const contexts = new Set(['default', 'other'])
  const server = new GrpcServer({
    port: 0,
    host: '127.0.0.1',
    services: [
      commandService(messaging, log),
      platformService(messaging, log),
      processorAdminService(messaging.processors)
    ],
    gate: { exists: context => contexts.has(context) },
    log: silentLogger,
    keepAliveMs: 0,
    keepAliveTimeoutMs: 5000,
    messageBytesMax: 4 * 1024 * 1024,
    streamBufferBytes: 256 * 1024,
    connectionsMax: 100,
    drainMs: 200
  })
  await server.start()
  const clients: GrpcClient[] = []
  t.teardown(async () => {
    for (const client of clients) client.close()
    messaging.stop()
    await server.stop()
  })
  const connect = (context = 'default') => {
    const client = new GrpcClient(server.port, context)
    clients.push(client)
    return client
  }
  /** A client whose connection can be cut, as a broken network does. */
  const connectByWire = async (context = 'default') => {
    const sockets = new Set<Socket>()
    const proxy = createServer(near => {
      const far = createConnection(server.port, '127.0.0.1')
      for (const socket of [near, far]) sockets.add(socket.on('error', () => {}))
      near.pipe(far).pipe(near)
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const client = new GrpcClient((proxy.address() as AddressInfo).port, context)
    const cut = () => {
      client.close()
      proxy.close()
      for (const socket of sockets) socket.destroy()
    }
    t.teardown(cut)
    return { client, cut }
  }
  return { messaging, log, connect, connectByWire }
}

/** One connection of a client. */
export class GrpcClient {
  readonly #client: Client
  readonly #metadata = new Metadata()

  constructor(port: number, context: string) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1
    })
    this.#metadata.set('AxonIQ-Context', context)
  }

  /** Breaks all its calls. */
  close(): void {
    this.#client.close()
  }

  unary(path: string, request: Buffer): { answer: Promise<Buffer>; cancel(): void } {
    let cancel = () => {}
    const answer = new Promise<Buffer>((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        `${packagePath}.${path}`,
        bytes,
        bytes,
        request,
        this.#metadata,
        (error: ServiceError | null, response?: Buffer) =>
          error === null ? resolve(response!) : reject(error)
      )
      cancel = () => call.cancel()
    })
    return { answer, cancel }
  }

  async list(path: string, request: Buffer): Promise<Buffer[]> {
    const call = this.#client.makeServerStreamRequest(
      `${packagePath}.${path}`,
      bytes,
      bytes,
      request,
      this.#metadata
    )
    const messages: Buffer[] = []
    for await (const message of call) messages.push(message as Buffer)
    return messages
  }

  commandStream(): HandlerCall<CommandProviderOutbound, CommandProviderInbound> {
    return this.#open('command.CommandService/OpenStream', CommandProviderOutbound, CommandProviderInbound)
  }

  platformStream(): HandlerCall<PlatformInboundInstruction, PlatformOutboundInstruction> {
    return this.#open(
      'control.PlatformService/OpenStream',
      PlatformInboundInstruction,
      PlatformOutboundInstruction
    )
  }

  #open<Out extends object, In>(path: string, out: Codec<Out>, inbound: Codec<In>): HandlerCall<Out, In> {
    const call = this.#client.makeBidiStreamRequest(`${packagePath}.${path}`, bytes, bytes, this.#metadata)
    return new HandlerCall(call, out, inbound)
  }
}

/** A client's end of a bidirectional stream. */
export class HandlerCall<Out extends object, In> {
  readonly received: In[] = []
  /** Undefined while it is open; 0 after a normal end. */
  status: { code: number; details: string; errorCode: string | undefined } | undefined

  constructor(
    readonly call: ClientDuplexStream<Buffer, Buffer>,
    private readonly out: Codec<Out>,
    inbound: Codec<In>
  ) {
    call.on('data', (message: Buffer) => this.received.push(decodeMessage(inbound, message)))
    call.on('error', () => {})
    call.on('status', ({ code, details, metadata }) => {
      this.status = { code, details, errorCode: metadata?.get('axoniq-errorcode')[0]?.toString() }
    })
  }

  send(request: (Out & { request: unknown })['request'], instructionId = ''): void {
    this.call.write(encodeMessage(this.out, { request, instructionId } as unknown as Out))
  }

  sendBytes(message: Buffer): void {
    this.call.write(message)
  }

  /** Waits for the next ones too, until there are so many messages. */
  async receive(count: number): Promise<In[]> {
    await until(
      () => this.received.length >= count,
      () => `${this.received.length} of ${count} messages`
    )
    return this.received
  }

  async ended(): Promise<NonNullable<typeof this.status>> {
    await until(
      () => this.status !== undefined,
      () => 'no end of the stream'
    )
    return this.status!
  }
}

export async function until(
  isTrue: () => boolean,
  problem: () => string = () => 'still not so'
): Promise<void> {
  const startMs = performance.now()
  while (!isTrue()) {
    if (performance.now() - startMs > deadlineMs) throw new Error(`${problem()} after ${deadlineMs} ms`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

function bytes(message: Buffer): Buffer {
  return message
}
