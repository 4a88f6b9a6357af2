import type { TransportReceiver } from '../../../src/consensus/index.js'
import type { Clock, Logger } from '../../../src/kernel/index.js'
import type { CallMetadata, StreamCall } from '../../../src/wire/grpc/index.js'
import { embeddedMessage, wrapMessage } from '../../../src/wire/index.js'

export interface PeerServiceOptions {
  readonly node: string
  readonly incarnation: number
  readonly clock: Clock
  readonly log: Logger
  /** Of one message that comes in chunks. */
  readonly messageBytesMax: number
  readonly receiver: () => TransportReceiver | undefined
  /** False: the caller may not talk to this node. Everybody may, unless given. */
  readonly authorize?: ((metadata: CallMetadata) => boolean) | undefined
  /** False: this node is not that member of the group. Every id is taken, unless given. */
  readonly isMember?: ((group: number, id: number) => boolean) | undefined
  /** A node has opened a stream: it lives. */
  readonly onGreeted: (node: string) => void
}

export interface InboundStats {
  frames: number
  messages: number
  bytes: number
  /** Streams that were ended because of what came on them. */
  refused: number
}

/** What follows the greeting on a stream. */
export interface InboundStream {
  onFrame(frame: Buffer): void
  onDrain?(): void
  /** The caller is gone, or has sent all that it will send. */
  onEnd(): void
}

/** `PeerFrame.content` */
const CONTENT_FIELD = 1

export function contentOf(message: Buffer): Buffer | undefined {
  return embeddedMessage(message, CONTENT_FIELD)
}

/** False: the caller is behind. */
export function send(call: StreamCall, frame: Buffer): boolean {
  return call.write(wrapMessage(CONTENT_FIELD, frame))
}
