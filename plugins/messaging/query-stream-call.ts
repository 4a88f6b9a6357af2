import type { Logger } from '../../src/kernel/index.js'
import type { Queries, QueryHandlerStream } from '../../src/messaging/index.js'
import { FlowControl, InstructionAck } from '../../src/wire/generated/common.js'
import { QueryComplete, QuerySubscription } from '../../src/wire/generated/query.js'
import type { StreamCall, StreamListener } from '../../src/wire/grpc/index.js'
import { decodeMessage, scanEnvelope } from '../../src/wire/index.js'
import { InstructionAcks } from './instruction-acks.js'
import { MessageFaults } from './message-faults.js'

/** query.proto, `QueryProviderOutbound`: what a handler sends. */
const fields = {
  subscribe: 1,
  unsubscribe: 2,
  flowControl: 3,
  queryResponse: 4,
  queryComplete: 5,
  subscriptionQueryResponse: 6,
  ack: 7,
  instructionId: 8
}
/** query.proto, `QueryProviderInbound.ack`. */
const ackField = 1

export interface QueryStreamCallOptions {
  readonly queries: Queries
  readonly nodeName: string
  readonly log: Logger
}

/** The stream of one query handler. */
export class QueryStreamCall implements StreamListener {
  readonly #stream: QueryHandlerStream
  readonly #acks: InstructionAcks
  readonly #faults: MessageFaults
  readonly #log: Logger

  constructor(
    private readonly call: StreamCall,
    { queries, nodeName, log }: QueryStreamCallOptions
  ) {
    this.#stream = queries.openHandlerStream(call.context, call)
    this.#acks = new InstructionAcks(call, ackField, nodeName)
    this.#faults = new MessageFaults(log, 'a message of a query handler could not be processed')
    this.#log = log
  }

  /** What one message does wrong concerns that message only: the stream survives. */
  onMessage(message: Buffer): void {
    try {
      this.#receive(message)
    } catch (error) {
      this.#faults.report(error, this.call.context, this.#stream.clientId)
    }
  }

  onHalfClose(): void {
    this.#stream.terminate('closed by the client')
  }

  onCancel(): void {
    this.#stream.close('connection lost')
  }

  onDrain(): void {
    this.#acks.resume()
    this.#stream.resume()
  }

  /** A registration stands before it is acknowledged: clients take the ack as "from now on I can be reached". */
  #receive(message: Buffer): void {
    const { field, start, end, instructionId } = scanEnvelope(message, fields.instructionId)
    const request = message.subarray(start, end)
    switch (field) {
      case fields.queryResponse:
        this.#stream.respond(request)
        break
      case fields.queryComplete:
        this.#stream.complete(decodeMessage(QueryComplete, request).requestId)
        break
      case fields.subscriptionQueryResponse:
        this.#stream.respondSubscription(request)
        break
      case fields.flowControl: {
        const { clientId, permits } = decodeMessage(FlowControl, request)
        this.#stream.addPermits(clientId, permits)
        break
      }
      case fields.subscribe: {
        const { query, resultName, clientId, componentName } = decodeMessage(QuerySubscription, request)
        this.#stream.subscribe(query, resultName, clientId, componentName)
        break
      }
      case fields.unsubscribe:
        this.#stream.unsubscribe(decodeMessage(QuerySubscription, request).query)
        break
      case fields.ack:
        this.#logAck(decodeMessage(InstructionAck, request))
        break
      default:
        this.#acks.unsupported(instructionId)
        return
    }
    this.#acks.received(instructionId)
  }

  #logAck({ instructionId, error }: InstructionAck): void {
    const { clientId } = this.#stream
    if (error?.errorCode === 'AXONIQ-1002') {
      this.#log.warn({ clientId, instructionId }, 'a query handler does not know an instruction')
    } else this.#log.debug({ clientId, instructionId }, 'ack of a query handler')
  }
}
