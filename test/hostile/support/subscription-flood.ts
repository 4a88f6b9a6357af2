import { BytesClient } from '../../../bench/client.js'
import {
  QueryProviderInbound,
  QueryProviderOutbound,
  type QueryRequest,
  SubscriptionQueryRequest
} from '../../../src/wire/generated/query.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import type { ServerProcess } from '../../support/server-process.js'
import { grpcHeaders, grpcMessage, RawConnection } from './raw-connection.js'

const service = '/io.axoniq.axonserver.grpc.query.QueryService'
const id = 'flooded'

/** A handler that sends updates as fast as it can, to a subscriber that reads none of them. */
export async function floodSubscriber(server: ServerProcess) {
  const client = new BytesClient(server.address)
  const handler = client.duplex(`${service}/OpenStream`)
  let updates = 0
  let isCutOff = false
  let isOver = false
  handler.on('error', () => {})
  const send = (request: NonNullable<QueryProviderOutbound['request']>, instructionId = '') =>
    handler.write(encodeMessage(QueryProviderOutbound, { request, instructionId }))
  const update = encodeMessage(QueryProviderOutbound, {
    request: {
      $case: 'subscriptionQueryResponse',
      value: {
        messageIdentifier: 'm',
        subscriptionIdentifier: id,
        response: { $case: 'update', value: updateValue() }
      }
    },
    instructionId: ''
  })
  const pump = (): void => {
    while (!isOver) {
      updates++
      if (!handler.write(update)) {
        handler.once('drain', pump)
        return
      }
    }
  }
  const registered = new Promise<void>(resolve => {
    handler.on('data', (bytes: Buffer) => {
      const { request } = decodeMessage(QueryProviderInbound, bytes)
      if (request?.$case === 'ack') resolve()
      if (request?.$case !== 'subscriptionQueryRequest') return
      if (request.value.request?.$case === 'subscribe') pump()
      if (request.value.request?.$case === 'unsubscribe') isOver = true
    })
  })
  send(
    {
      $case: 'subscribe',
      value: { messageId: '', query: 'q', resultName: 'r', componentName: 'c', clientId: 'flooder' }
    },
    'i'
  )
  await registered
  const subscriber = new RawConnection(server.grpcPort, { isReading: false })
  await subscriber.ready
  const stream = subscriber.call(`${service}/Subscription`, grpcHeaders, () => {
    isCutOff = true
  })
  subscriber.write(stream, grpcMessage(subscribe()))
  return {
    updates: () => updates,
    /** Told to the handler, and to the subscriber, which does not listen to it. */
    isCutOff: () => isOver || isCutOff,
    close: () => {
      isOver = true
      handler.cancel()
      client.close()
      subscriber.close()
    }
  }
}

function updateValue() {
  return {
    messageIdentifier: 'u',
    payload: { type: 'T', revision: '', data: Buffer.alloc(10_000) },
    metaData: {},
    clientId: 'flooder',
    componentName: 'c',
    errorCode: '',
    errorMessage: undefined
  }
}

function subscribe(): Buffer {
  const queryRequest: QueryRequest = {
    messageIdentifier: id,
    query: 'q',
    timestamp: 0,
    payload: undefined,
    metaData: {},
    responseType: undefined,
    processingInstructions: [],
    clientId: 'slow',
    componentName: 'slow'
  }
  const value = {
    subscriptionIdentifier: id,
    numberOfPermits: 1_000_000_000,
    queryRequest,
    updateResponseType: undefined
  }
  return encodeMessage(SubscriptionQueryRequest, { request: { $case: 'subscribe', value } })
}
