import type { Logger } from '../../src/kernel/index.js'
import { MalformedMessageError, ServerError } from '../../src/wire/index.js'

/** Of one stream: a client that sends nothing but nonsense must not fill the disk with our complaints. */
const loggedMax = 10

/** Says what was wrong with the messages of one stream, a few times. Our own mistakes it always tells in full. */
export class MessageFaults {
  #count = 0

  constructor(
    private readonly log: Logger,
    /** Constant text of the line. */
    private readonly text: string
  ) {}

  report(error: unknown, context: string, clientId: string): void {
    if (!(error instanceof MalformedMessageError || error instanceof ServerError)) {
      this.log.error({ error, context, clientId }, this.text)
      return
    }
    this.#count++
    if (this.#count > loggedMax) return
    this.log.warn({ reason: error.message, context, clientId }, this.text)
    if (this.#count === loggedMax) {
      this.log.warn({ context, clientId }, 'what else is wrong with messages of this stream is not logged')
    }
  }
}
