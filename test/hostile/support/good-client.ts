import { BytesClient } from '../../../bench/client.js'
import {
  Command,
  CommandProviderInbound,
  CommandProviderOutbound,
  CommandResponse
} from '../../../src/wire/generated/command.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import { EventClient } from '../../support/event-client.js'

const service = '/io.axoniq.axonserver.grpc.command.CommandService'

/** A client that does all right: whoever harms others shows in its figures. */
export class GoodClient {
  readonly events: EventClient
  readonly #commands: BytesClient
  readonly #handler: ReturnType<BytesClient['duplex']>
  readonly #name = `good-${process.pid}-${Math.random()}`
  #sequence = 0
  #commandNumber = 0

  private constructor(address: string) {
    this.events = new EventClient(address)
    this.#commands = new BytesClient(address)
    this.#handler = this.#commands.duplex(`${service}/OpenStream`)
  }

  static async connect(address: string): Promise<GoodClient> {
    const client = new GoodClient(address)
    await client.#handle()
    return client
  }

  /** Milliseconds of an append. */
  async append(): Promise<number> {
    const startMs = performance.now()
    await this.events.append(this.#name, this.#sequence++, 1)
    return performance.now() - startMs
  }

  /** Milliseconds of a command, there and back. Throws if it is not answered by our handler. */
  async command(): Promise<number> {
    const startMs = performance.now()
    const command = commandBytes(`${this.#name}/${this.#commandNumber++}`, this.#name)
    const response = decodeMessage(
      CommandResponse,
      await this.#commands.unary(`${service}/Dispatch`, command)
    )
    if (response.errorCode !== '') throw new Error(`${response.errorCode} ${response.errorMessage?.message}`)
    return performance.now() - startMs
  }

  /** Appends, commands and reads back what it appended. */
  async check(): Promise<void> {
    await this.append()
    await this.command()
    const last = await this.events.lastToken()
    if (!(last >= 0)) throw new Error(`The last token is ${last}`)
  }

  close(): void {
    this.#handler.on('error', () => {})
    this.#handler.cancel()
    this.events.close()
    this.#commands.close()
  }

  #handle(): Promise<void> {
    return new Promise((resolve, reject) => {
      const send = (request: NonNullable<CommandProviderOutbound['request']>, instructionId = '') =>
        this.#handler.write(encodeMessage(CommandProviderOutbound, { request, instructionId }))
      this.#handler.on('error', reject)
      this.#handler.on('data', (bytes: Buffer) => {
        const { request } = decodeMessage(CommandProviderInbound, bytes)
        if (request?.$case === 'ack') resolve()
        if (request?.$case !== 'command') return
        send({ $case: 'commandResponse', value: responseTo(request.value.messageIdentifier) })
      })
      send({ $case: 'flowControl', value: { clientId: this.#name, permits: 1_000_000 } })
      send({ $case: 'subscribe', value: subscription(this.#name, this.#name) }, 'ready')
    })
  }
}

export function subscription(command: string, clientId: string) {
  return { messageId: '', command, componentName: 'hostile', clientId, loadFactor: 100 }
}

export function commandBytes(messageIdentifier: string, name: string, payloadBytes = 10): Buffer {
  return encodeMessage(Command, {
    messageIdentifier,
    name,
    timestamp: Date.now(),
    payload: { type: 'T', revision: '', data: Buffer.alloc(payloadBytes) },
    metaData: {},
    processingInstructions: [],
    clientId: 'caller',
    componentName: 'hostile'
  })
}

function responseTo(requestIdentifier: string): CommandResponse {
  return {
    messageIdentifier: `${requestIdentifier}/answer`,
    requestIdentifier,
    errorCode: '',
    errorMessage: undefined,
    payload: undefined,
    metaData: {},
    processingInstructions: []
  }
}
