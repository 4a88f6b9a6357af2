import type { CommandHead } from '../../wire/index.js'
import type { PermitQueue } from '../flow/permit-queue.js'

/** A command whose answer is awaited: in the queue of its handler, or already with it. */
export interface PendingCommand {
  readonly context: string
  readonly head: CommandHead
  readonly reply: (response: Buffer) => void
  readonly receivedAtMs: number
  /** As the client sent it; empty once it is delivered. */
  command: Buffer
  /** Whose turn it is; undefined only while a handler is being chosen. */
  handler: CommandTarget | undefined
  isDelivered: boolean
  /** The caller has gone: the answer is awaited, because the handler is at work, but nobody gets it. */
  isAbandoned: boolean
}

/** The stream of the handler, as far as one command is concerned. */
export interface CommandTarget {
  readonly clientId: string
  readonly queue: PermitQueue<PendingCommand>
}
