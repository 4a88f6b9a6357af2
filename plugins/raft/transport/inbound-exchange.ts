import {
  FrameAssembler,
  FrameKind,
  type GroupMember,
  type GroupMessage,
  openFrame
} from '../../../src/consensus/index.js'
import type { InboundStats, InboundStream, PeerServiceOptions } from './inbound-stream.js'

interface Replies {
  readonly stats: InboundStats
  refuse(members: readonly GroupMember[]): void
}

/** Told apart once; beyond that many the sender hears of it again. */
const REFUSED_MAX = 1024

/** Messages of one lane of another node, on their way to the driver. */
export class InboundExchange implements InboundStream {
  readonly #assembler: FrameAssembler
  readonly #refused = new Set<string>()

  constructor(
    private readonly node: string,
    private readonly options: PeerServiceOptions,
    private readonly replies: Replies
  ) {
    this.#assembler = new FrameAssembler(options)
  }

  onFrame(frame: Buffer): void {
    const { stats } = this.replies
    stats.frames++
    stats.bytes += frame.length
    const messages = this.#addressed(this.#read(frame))
    if (messages.length === 0) return
    stats.messages += messages.length
    this.options.receiver()?.received(this.node, messages)
  }

  onEnd(): void {}

  #read(frame: Buffer): readonly GroupMessage[] {
    const { kind, body } = openFrame(frame)
    if (kind === FrameKind.messages) return this.#assembler.messages(body, frame)
    if (kind !== FrameKind.chunk) return []
    const message = this.#assembler.chunk(body)
    return message === undefined ? [] : [message]
  }

  /** Messages for a member that this node is not any more must not reach the one it is now; their sender learns of it. */
  #addressed(messages: readonly GroupMessage[]): readonly GroupMessage[] {
    const { isMember } = this.options
    if (isMember === undefined || messages.every(({ group, message }) => isMember(group, message.to)))
      return messages
    const gone = messages.filter(({ group, message }) => !isMember(group, message.to))
    const members = gone
      .map(({ group, message }) => ({ group, id: message.to }))
      .filter(member => this.#isNew(member))
    if (members.length > 0) this.replies.refuse(members)
    return messages.filter(({ group, message }) => isMember(group, message.to))
  }

  #isNew({ group, id }: GroupMember): boolean {
    const key = `${group}/${id}`
    if (this.#refused.has(key)) return false
    if (this.#refused.size >= REFUSED_MAX) this.#refused.clear()
    this.#refused.add(key)
    return true
  }
}
