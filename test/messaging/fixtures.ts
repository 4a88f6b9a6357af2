import { ManualClock, silentLogger } from '../../src/kernel/index.js'
import {
  defaultQueryOptions,
  Messaging,
  type MessagingOptions,
  type OutboundStream
} from '../../src/messaging/index.js'
import { Command, CommandProviderInbound, CommandResponse } from '../../src/wire/generated/command.js'
import type { MetaDataValue } from '../../src/wire/generated/common.js'
import { PlatformOutboundInstruction } from '../../src/wire/generated/control.js'
import { decodeMessage, encodeMessage } from '../../src/wire/index.js'

/** A client's end of a stream that keeps what it gets. */
export class FakeStream implements OutboundStream {
  readonly written: Buffer[] = []
  /** Writes from this number on report that the transport is behind. */
  flowingMax = Number.POSITIVE_INFINITY
  ended: 'open' | 'ended' | 'failed' = 'open'
  error: unknown
  onWrite: ((message: Buffer) => void) | undefined

  write(message: Buffer): boolean {
    this.written.push(message)
    this.onWrite?.(message)
    return this.written.length < this.flowingMax
  }

  end(): void {
    this.ended = 'ended'
  }

  fail(error: unknown): void {
    this.ended = 'failed'
    this.error = error
  }

  commands(): Command[] {
    return this.written.map(message => {
      const { request } = decodeMessage(CommandProviderInbound, message)
      if (request?.$case !== 'command') throw new Error(`not a command: ${request?.$case}`)
      return request.value
    })
  }

  commandIds(): string[] {
    return this.commands().map(({ messageIdentifier }) => messageIdentifier)
  }

  instructions(): PlatformOutboundInstruction[] {
    return this.written.map(message => decodeMessage(PlatformOutboundInstruction, message))
  }
}

export const defaultOptions: MessagingOptions = {
  commands: {
    timeoutMs: 300_000,
    scanIntervalMs: 5000,
    inProgressMax: 25_000,
    inProgressPerContextMax: Number.POSITIVE_INFINITY,
    waitingMax: 10_000
  },
  queries: defaultQueryOptions,
  instructions: { timeoutMs: 10_000, scanIntervalMs: 5000, awaitedMax: 1000 },
  heartbeat: {
    enabled: true,
    sendIntervalMs: 500,
    sendInitialDelayMs: 5000,
    checkIntervalMs: 1000,
    checkInitialDelayMs: 10_000,
    timeoutMs: 5000
  },
  processorInfoTimeoutMs: 30_000
}

export const testNode = {
  name: 'node-1',
  hostName: 'host-1.example.com',
  grpcPort: 8124,
  httpPort: 8024,
  internalHostName: 'host-1',
  grpcInternalPort: 8224
}

export function messagingWith(changes: Partial<MessagingOptions> = {}) {
  const clock = new ManualClock()
  let ids = 0
  const randomId = () => `id-${++ids}`
  const messaging = new Messaging(
    { ...defaultOptions, ...changes },
    { clock, log: silentLogger, randomId, node: testNode }
  )
  return { messaging, clock }
}

export interface CommandOptions {
  readonly id?: string
  readonly name?: string
  readonly routingKey?: string
  readonly priority?: number
  readonly metaData?: Record<string, MetaDataValue>
}

let commandIds = 0

export function command(options: CommandOptions = {}): Buffer {
  const { id = `command-${++commandIds}`, name = 'order', routingKey, priority, metaData = {} } = options
  const processingInstructions = []
  if (routingKey !== undefined) {
    processingInstructions.push({
      key: 0,
      value: { data: { $case: 'textValue' as const, value: routingKey } }
    })
  }
  if (priority !== undefined) {
    processingInstructions.push({
      key: 1,
      value: { data: { $case: 'numberValue' as const, value: priority } }
    })
  }
  return encodeMessage(Command, {
    messageIdentifier: id,
    name,
    timestamp: 1,
    payload: { type: 'Order', revision: '1', data: Buffer.from('payload') },
    metaData,
    processingInstructions,
    clientId: 'caller',
    componentName: 'callers'
  })
}

export function commandResponse(requestIdentifier: string, errorCode = ''): Buffer {
  return encodeMessage(CommandResponse, {
    messageIdentifier: `answer-${requestIdentifier}`,
    errorCode,
    errorMessage: undefined,
    payload: { type: 'Answer', revision: '', data: Buffer.from(`answer to ${requestIdentifier}`) },
    metaData: {},
    processingInstructions: [],
    requestIdentifier
  })
}

/** Where answers to commands arrive. */
export class Answers {
  readonly bytes: Buffer[] = []
  readonly reply = (response: Buffer): void => {
    this.bytes.push(response)
  }

  get all(): CommandResponse[] {
    return this.bytes.map(response => decodeMessage(CommandResponse, response))
  }

  get codes(): string[] {
    return this.all.map(({ errorCode }) => errorCode)
  }
}
