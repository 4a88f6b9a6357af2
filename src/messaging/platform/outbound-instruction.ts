import { PlatformOutboundInstruction } from '../../wire/generated/control.js'
import { encodeMessage } from '../../wire/index.js'

export type InstructionRequest = NonNullable<PlatformOutboundInstruction['request']>

/** An instruction for a client; with an id if an answer is expected. */
export function outboundInstruction(request: InstructionRequest, instructionId = ''): Buffer {
  return encodeMessage(PlatformOutboundInstruction, { request, instructionId })
}
