import type { Logger } from '../../src/kernel/index.js'
import { type ClientSession, type Messaging, thisNode } from '../../src/messaging/index.js'
import { InstructionAck, InstructionResult } from '../../src/wire/generated/common.js'
import { ClientIdentification, EventProcessorInfo } from '../../src/wire/generated/control.js'
import {
  type GrpcService,
  type StreamCall,
  type StreamListener,
  unaryMethod
} from '../../src/wire/grpc/index.js'
import { decodeMessage, scanEnvelope } from '../../src/wire/index.js'
import { InstructionAcks } from './instruction-acks.js'
import { MessageFaults } from './message-faults.js'

const service = '/io.axoniq.axonserver.grpc.control.PlatformService'
/** control.proto, `PlatformInboundInstruction`: what a client sends. */
const fields = {
  register: 1,
  eventProcessorInfo: 2,
  heartbeat: 3,
  ack: 4,
  instructionId: 5,
  result: 6,
  subscribeTopologyChanges: 7,
  unsubscribeTopologyChanges: 8
}
/** control.proto, `PlatformOutboundInstruction.ack`. */
const ackField = 11

/** io.axoniq.axonserver.grpc.control.PlatformService */
export function platformService(messaging: Messaging, log: Logger): GrpcService {
  return {
    drain: () => messaging.stop(),
    methods: [
      unaryMethod(`${service}/GetPlatformServer`, request => {
        decodeMessage(ClientIdentification, request)
        return thisNode(messaging.node)
      }),
      {
        path: `${service}/OpenStream`,
        kind: 'bidiStream',
        open: call => new PlatformStreamCall(call, messaging, log)
      }
    ]
  }
}

/** The platform stream of one client. */
class PlatformStreamCall implements StreamListener {
  readonly #session: ClientSession
  readonly #acks: InstructionAcks
  readonly #faults: MessageFaults

  constructor(
    private readonly call: StreamCall,
    messaging: Messaging,
    private readonly log: Logger
  ) {
    this.#session = messaging.platform.openStream(call.context, call)
    this.#acks = new InstructionAcks(call, ackField, messaging.node.name)
    this.#faults = new MessageFaults(log, 'an instruction of a client could not be processed')
  }

  /** What one message does wrong concerns that message only: the stream survives. */
  onMessage(message: Buffer): void {
    try {
      this.#receive(message)
    } catch (error) {
      this.#faults.report(error, this.call.context, this.#session.clientId)
    }
  }

  onHalfClose(): void {
    this.#session.terminate('closed by the client')
  }

  onCancel(): void {
    this.#session.close('connection lost')
  }

  onDrain(): void {
    this.#acks.resume()
    this.#session.resume()
  }

  #receive(message: Buffer): void {
    const { field, start, end, instructionId } = scanEnvelope(message, fields.instructionId)
    if (this.#process(field, message.subarray(start, end))) this.#acks.received(instructionId)
    else this.#acks.unsupported(instructionId)
  }

  /** False: this server does not know the instruction. */
  #process(field: number, request: Buffer): boolean {
    switch (field) {
      case fields.heartbeat:
        this.#session.heartbeat()
        return true
      case fields.eventProcessorInfo:
        this.#session.processorInfo(decodeMessage(EventProcessorInfo, request))
        return true
      case fields.register:
        this.#register(decodeMessage(ClientIdentification, request))
        return true
      case fields.ack:
        this.#ack(decodeMessage(InstructionAck, request))
        return true
      case fields.result:
        this.#session.result(decodeMessage(InstructionResult, request))
        return true
      case fields.subscribeTopologyChanges:
        this.#session.subscribeTopology()
        return true
      case fields.unsubscribeTopologyChanges:
        this.#session.unsubscribeTopology()
        return true
      default:
        return false
    }
  }

  #register({ clientId, componentName, version, tags }: ClientIdentification): void {
    this.#session.register({ clientId, componentName, version, tags: new Map(Object.entries(tags)) })
  }

  #ack(ack: InstructionAck): void {
    const { clientId } = this.#session
    if (ack.error?.errorCode === 'AXONIQ-1002')
      this.log.warn({ clientId }, 'a client does not know an instruction')
    this.#session.ack(ack)
  }
}
