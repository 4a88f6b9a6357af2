import { InstructionAck } from '../../src/wire/generated/common.js'
import type { StreamCall } from '../../src/wire/grpc/index.js'
import { encodeMessage, wrapMessage } from '../../src/wire/index.js'

/** Acks that may be on their way to a client that does not read; then its own messages wait. */
const unreadAcksMax = 1000

/** Answers the instructions of one stream that carry an id: received, or not known here. */
export class InstructionAcks {
  #unread = 0
  #isBehind = false

  constructor(
    private readonly call: StreamCall,
    /** Number of the field `ack` in the messages that go to the client. */
    private readonly ackField: number,
    private readonly nodeName: string
  ) {}

  /** Nothing is sent for an instruction without id. */
  received(instructionId: string): void {
    if (instructionId !== '') this.#send({ instructionId, success: true, error: undefined })
  }

  unsupported(instructionId: string): void {
    if (instructionId === '') return
    const error = {
      errorCode: 'AXONIQ-1002',
      message: 'Unsupported instruction',
      location: this.nodeName,
      details: ['This server does not know the instruction. It may be newer than the server.']
    }
    this.#send({ instructionId, success: false, error })
  }

  /** The transport has caught up. */
  resume(): void {
    if (!this.#isBehind) return
    if (this.#unread >= unreadAcksMax) this.call.resume()
    this.#isBehind = false
    this.#unread = 0
  }

  #send(ack: InstructionAck): void {
    if (!this.call.write(wrapMessage(this.ackField, encodeMessage(InstructionAck, ack))))
      this.#isBehind = true
    if (!this.#isBehind) return
    this.#unread++
    if (this.#unread === unreadAcksMax) this.call.pause()
  }
}
