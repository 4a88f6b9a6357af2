import { randomBytes, randomUUID } from 'node:crypto'
import { Command, CommandProviderOutbound } from '../src/wire/generated/command.js'
import { Event } from '../src/wire/generated/event.js'
import { encodeMessage } from '../src/wire/index.js'

const PAYLOAD = randomBytes(300)
const META_DATA = {
  traceId: { data: { $case: 'textValue' as const, value: '0af7651916cd43dd8448eb211c80319c' } },
  correlationId: { data: { $case: 'textValue' as const, value: 'b7ad6b7169203331' } }
}

export function event(aggregateIdentifier: string, aggregateSequenceNumber: number): Buffer {
  return encodeMessage(Event, {
    messageIdentifier: randomUUID(),
    aggregateIdentifier,
    aggregateSequenceNumber,
    aggregateType: 'com.acme.orders.Order',
    timestamp: Date.now(),
    payload: { type: 'com.acme.orders.OrderItemAddedEvent', revision: '1', data: PAYLOAD },
    metaData: META_DATA,
    snapshot: false
  })
}

export function command(name: string): Buffer {
  return encodeMessage(Command, {
    messageIdentifier: randomUUID(),
    name,
    timestamp: Date.now(),
    payload: { type: name, revision: '', data: PAYLOAD },
    metaData: META_DATA,
    processingInstructions: [],
    clientId: 'bench',
    componentName: 'bench'
  })
}

export function commandSubscription(name: string): Buffer {
  const value = {
    messageId: randomUUID(),
    command: name,
    componentName: 'bench',
    clientId: 'bench-handler',
    loadFactor: 100
  }
  return encodeMessage(CommandProviderOutbound, {
    instructionId: randomUUID(),
    request: { $case: 'subscribe', value }
  })
}

export function commandPermits(permits: number): Buffer {
  const value = { clientId: 'bench-handler', permits }
  return encodeMessage(CommandProviderOutbound, {
    instructionId: '',
    request: { $case: 'flowControl', value }
  })
}
