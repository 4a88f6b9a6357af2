import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import type { Test } from 'tap'
import { ReceiveBudget } from '../../../plugins/eventstore/append-event.js'
import { eventService } from '../../../plugins/eventstore/event-service.js'
import { schedulerService } from '../../../plugins/eventstore/scheduler-service.js'
import { GrpcServer } from '../../../plugins/grpc/grpc-server.js'
import type { EventStoreOptions } from '../../../src/eventstore/index.js'
import { MemoryKeyValueStore, NodeFileSystem } from '../../../src/storage/index.js'
import {
  EventWithToken,
  GetAggregateEventsRequest,
  GetAggregateSnapshotsRequest,
  GetEventsRequest,
  GetTokenAtRequest,
  ReadHighestSequenceNrRequest,
  ReadHighestSequenceNrResponse,
  TrackingToken
} from '../../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import { StoreFixture } from '../../eventstore/store-fixture.js'
import { defaults } from '../grpc/fixture.js'

export const EVENT_STORE = '/io.axoniq.axonserver.grpc.event.EventStore'
export const SCHEDULER = '/io.axoniq.axonserver.grpc.event.EventScheduler'
export const STALL_TIMEOUT_MS = 30_000

export interface Service {
  readonly node: StoreFixture
  readonly server: GrpcServer
  readonly budget: ReceiveBudget
  readonly client: TestClient
}

export interface ServiceOptions {
  readonly event?: Partial<EventStoreOptions>
  readonly receiveBytesMax?: number
}

/** The services of the plugin behind the real gRPC server, over a disk of their own. */
export async function serveEvents(t: Test, options: ServiceOptions = {}): Promise<Service> {
  const directory = mkdtempSync(join(tmpdir(), 'myelin-events-'))
  const node = await StoreFixture.open({
    fs: new NodeFileSystem(),
    store: new MemoryKeyValueStore(),
    directory,
    ...(options.event === undefined ? {} : { event: options.event })
  })
  const budget = new ReceiveBudget(options.receiveBytesMax ?? 64 * 1024 * 1024)
  const services = [
    eventService(node.eventStore, { clock: node.clock, stallTimeoutMs: STALL_TIMEOUT_MS, budget }),
    schedulerService(node.eventStore)
  ]
  const server = new GrpcServer({ ...defaults, services, gate: node.contexts })
  await server.start()
  const client = new TestClient(server.port)
  t.teardown(async () => {
    client.close()
    await server.stop()
    await node.eventStore.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return { node, server, budget, client }
}

export interface Failure {
  readonly status: number
  readonly errorCode: string | undefined
  readonly text: string
}

const bytes = (message: Buffer) => message

/** Speaks raw messages, so that tests see the bytes. */
export class TestClient {
  readonly raw: Client

  constructor(port: number) {
    this.raw = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  }

  close(): void {
    this.raw.close()
  }

  /** AppendEvent: all events, then half-close. */
  append(events: readonly Buffer[], context = 'default'): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = this.openAppend(context, (error, reply) =>
        error === null ? resolve(reply!) : reject(error)
      )
      for (const event of events) call.write(event)
      call.end()
    })
  }

  openAppend(context: string, done: (error: ServiceError | null, reply?: Buffer) => void) {
    const call = this.raw.makeClientStreamRequest<Buffer, Buffer>(
      `${EVENT_STORE}/AppendEvent`,
      bytes,
      bytes,
      inContext(context),
      done
    )
    call.on('error', () => {})
    return call
  }

  unary(path: string, request: Buffer, context = 'default'): Promise<Buffer> {
    return new Promise((resolve, reject) =>
      this.raw.makeUnaryRequest(path, bytes, bytes, request, inContext(context), (error, reply) =>
        error === null ? resolve(reply!) : reject(error)
      )
    )
  }

  openList(method: string, request: Buffer, context = 'default') {
    const path = `${EVENT_STORE}/${method}`
    return this.raw.makeServerStreamRequest<Buffer, Buffer>(path, bytes, bytes, request, inContext(context))
  }

  /** All messages of a server stream; rejects with its error. */
  list(method: string, request: Buffer, context = 'default'): Promise<Buffer[]> {
    const call = this.openList(method, request, context)
    const messages: Buffer[] = []
    return new Promise((resolve, reject) => {
      call.on('data', (message: Buffer) => messages.push(message))
      call.on('error', reject)
      call.on('end', () => resolve(messages))
    })
  }

  aggregate(request: Partial<GetAggregateEventsRequest>, context = 'default'): Promise<Buffer[]> {
    return this.list('ListAggregateEvents', aggregateRequest(request), context)
  }

  snapshots(request: Partial<GetAggregateSnapshotsRequest>): Promise<Buffer[]> {
    return this.list(
      'ListAggregateSnapshots',
      encodeMessage(GetAggregateSnapshotsRequest, {
        aggregateId: 'a',
        initialSequence: 0,
        maxSequence: 0,
        maxResults: 0,
        ...request
      })
    )
  }

  track(context = 'default'): Tracked {
    return new Tracked(
      this.raw.makeBidiStreamRequest<Buffer, Buffer>(
        `${EVENT_STORE}/ListEvents`,
        bytes,
        bytes,
        inContext(context)
      )
    )
  }

  async token(method: 'GetFirstToken' | 'GetLastToken', context = 'default'): Promise<number> {
    return tokenOf(await this.unary(`${EVENT_STORE}/${method}`, Buffer.alloc(0), context))
  }

  async tokenAt(instant: number): Promise<number> {
    const request = encodeMessage(GetTokenAtRequest, { instant })
    return tokenOf(await this.unary(`${EVENT_STORE}/GetTokenAt`, request))
  }

  async highest(aggregateId: string, context = 'default'): Promise<number> {
    const request = encodeMessage(ReadHighestSequenceNrRequest, { aggregateId, fromSequenceNr: 0 })
    const reply = await this.unary(`${EVENT_STORE}/ReadHighestSequenceNr`, request, context)
    return decodeMessage(ReadHighestSequenceNrResponse, reply).toSequenceNr
  }
}

/** One call of ListEvents. */
export class Tracked {
  readonly received: { readonly token: number; readonly bytes: Buffer }[] = []
  readonly ended: Promise<Failure>

  constructor(readonly call: ClientDuplexStream<Buffer, Buffer>) {
    call.on('data', (message: Buffer) =>
      this.received.push({ token: decodeMessage(EventWithToken, message).token, bytes: message })
    )
    this.ended = new Promise(resolve => {
      call.on('error', (error: ServiceError) => resolve(failure(error)))
      call.on('end', () => resolve({ status: 0, errorCode: undefined, text: '' }))
    })
  }

  get tokens(): number[] {
    return this.received.map(({ token }) => token)
  }

  send(request: Partial<GetEventsRequest>): void {
    this.call.write(
      encodeMessage(GetEventsRequest, {
        trackingToken: 0,
        numberOfPermits: 0,
        clientId: 'test',
        componentName: 'test',
        processor: 'test',
        blacklist: [],
        forceReadFromLeader: false,
        ...request
      })
    )
  }
}

export function aggregateRequest(request: Partial<GetAggregateEventsRequest>): Buffer {
  return encodeMessage(GetAggregateEventsRequest, {
    aggregateId: 'a',
    initialSequence: 0,
    allowSnapshots: false,
    maxSequence: 0,
    minToken: 0,
    ...request
  })
}

export function failure(error: ServiceError): Failure {
  const [code] = error.metadata.get('AxonIQ-ErrorCode')
  return { status: error.code, errorCode: code?.toString(), text: error.details }
}

/** The error that a call ends with. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call
  } catch (error) {
    return failure(error as ServiceError)
  }
  throw new Error('the call did not fail')
}

function tokenOf(reply: Buffer): number {
  return decodeMessage(TrackingToken, reply).token
}

function inContext(context: string): Metadata {
  const metadata = new Metadata()
  metadata.set('AxonIQ-Context', context)
  return metadata
}
