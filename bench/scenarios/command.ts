import { randomUUID } from 'node:crypto'
import { CommandProviderInbound, CommandResponse } from '../../src/wire/generated/command.js'
import { decodeMessage, encodeMessage, scanCommand, scanEnvelope, wrapMessage } from '../../src/wire/index.js'
import type { BytesClient } from '../client.js'
import { type Load, measure, type Row } from '../measure.js'
import { command, commandPermits, commandSubscription } from '../messages.js'

const SERVICE = '/io.axoniq.axonserver.grpc.command.CommandService'
const NAME = 'com.acme.orders.AddItemCommand'

/** Commands, from dispatch to answer; the handler is another connection of this process. */
export async function commands(
  client: BytesClient,
  handler: BytesClient,
  load: Omit<Load, 'inFlight'>
): Promise<Row[]> {
  const stop = await handle(handler)
  const rows: Row[] = []
  for (const inFlight of [1, 64, 256]) {
    rows.push(
      await measure('command', `${inFlight} in flight`, { ...load, inFlight }, async () => {
        const reply = decodeMessage(CommandResponse, await client.unary(`${SERVICE}/Dispatch`, command(NAME)))
        if (reply.errorCode !== '') throw new Error(reply.errorCode)
      })
    )
  }
  stop()
  return rows
}

/** Answers every command, and grants again what was used. */
async function handle(client: BytesClient): Promise<() => void> {
  const call = client.duplex(`${SERVICE}/OpenStream`)
  call.on('error', () => {})
  call.write(commandSubscription(NAME))
  call.write(commandPermits(5000))
  let used = 0
  await new Promise<void>(resolve => {
    call.on('data', (message: Buffer) => {
      const envelope = scanEnvelope(message, INSTRUCTION_ID_FIELD)
      if (envelope.field !== COMMAND_FIELD) return resolve()
      const { messageIdentifier } = scanCommand(message.subarray(envelope.start, envelope.end))
      call.write(answer(messageIdentifier))
      if (++used % 1250 === 0) call.write(commandPermits(1250))
    })
  })
  return () => call.end()
}

const [COMMAND_FIELD, INSTRUCTION_ID_FIELD] = fieldNumbers()

/** Taken from the codec, so that no number stands here twice. */
function fieldNumbers(): [number, number] {
  const value = {
    messageIdentifier: 'x',
    name: '',
    timestamp: 0,
    payload: undefined,
    metaData: {},
    processingInstructions: [],
    clientId: '',
    componentName: ''
  }
  const command = encodeMessage(CommandProviderInbound, {
    instructionId: '',
    request: { $case: 'command', value }
  })
  const id = encodeMessage(CommandProviderInbound, { instructionId: 'x', request: undefined })
  return [command[0]! >> 3, id[0]! >> 3]
}

function answer(requestIdentifier: string): Buffer {
  const response = encodeMessage(CommandResponse, {
    messageIdentifier: randomUUID(),
    requestIdentifier,
    errorCode: '',
    errorMessage: undefined,
    payload: { type: 'java.lang.String', revision: '', data: Buffer.from('done') },
    metaData: {},
    processingInstructions: []
  })
  return wrapMessage(RESPONSE_FIELD, response)
}

const RESPONSE_FIELD = 4
