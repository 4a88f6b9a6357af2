import type { Logger } from '../../src/kernel/index.js'
import type { CommandHandlerStream, Messaging } from '../../src/messaging/index.js'
import { CommandSubscription } from '../../src/wire/generated/command.js'
import { FlowControl, InstructionAck } from '../../src/wire/generated/common.js'
import type { GrpcService, StreamCall, StreamListener } from '../../src/wire/grpc/index.js'
import { decodeMessage, scanEnvelope } from '../../src/wire/index.js'
import { InstructionAcks } from './instruction-acks.js'
import { MessageFaults } from './message-faults.js'

const service = '/io.axoniq.axonserver.grpc.command.CommandService'
/** command.proto, `CommandProviderOutbound`: what a handler sends. */
const fields = { subscribe: 1, unsubscribe: 2, flowControl: 3, commandResponse: 4, ack: 5, instructionId: 6 }
/** command.proto, `CommandProviderInbound.ack`. */
const ackField = 1

/** io.axoniq.axonserver.grpc.command.CommandService */
export function commandService(messaging: Messaging, log: Logger): GrpcService {
  return {
    methods: [
      {
        path: `${service}/OpenStream`,
        kind: 'bidiStream',
        open: call => new CommandStreamCall(call, messaging, log)
      },
      {
        path: `${service}/Dispatch`,
        kind: 'unary',
        handle: (command, call) => {
          const pending = messaging.commands.dispatch(call.context, command, response => call.reply(response))
          if (pending !== undefined) call.onCancel(() => messaging.commands.abandon(pending))
        }
      }
    ]
  }
}

/** The stream of one command handler. */
class CommandStreamCall implements StreamListener {
  readonly #stream: CommandHandlerStream
  readonly #acks: InstructionAcks
  readonly #faults: MessageFaults

  constructor(
    private readonly call: StreamCall,
    messaging: Messaging,
    private readonly log: Logger
  ) {
    this.#stream = messaging.commands.openHandlerStream(call.context, call)
    this.#acks = new InstructionAcks(call, ackField, messaging.node.name)
    this.#faults = new MessageFaults(log, 'a message of a command handler could not be processed')
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
      case fields.commandResponse:
        this.#stream.respond(request)
        break
      case fields.flowControl: {
        const { clientId, permits } = decodeMessage(FlowControl, request)
        this.#stream.addPermits(clientId, permits)
        break
      }
      case fields.subscribe:
        this.#stream.subscribe(decodeMessage(CommandSubscription, request))
        break
      case fields.unsubscribe:
        this.#stream.unsubscribe(decodeMessage(CommandSubscription, request).command)
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
      this.log.warn({ clientId, instructionId }, 'a command handler does not know an instruction')
    } else this.log.debug({ clientId, instructionId }, 'ack of a command handler')
  }
}
