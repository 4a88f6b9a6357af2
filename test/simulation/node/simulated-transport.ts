import type { GroupMessage, PeerStream, Transport, TransportReceiver } from '../../../src/consensus/ports.js'
import { FrameAssembler, FrameKind, openFrame, packFrames } from '../../../src/consensus/wire/index.js'
import { checkMessage } from '../invariants/message-rules.js'
import { connectPipe } from './peer-pipe.js'
import type { SimulatedProcess } from './simulated-process.js'

/** Carries messages through the simulated network, in the product's wire format where the run says so. */
export class SimulatedTransport implements Transport {
  receiver: TransportReceiver | undefined

  readonly #life: number

  constructor(private readonly process: SimulatedProcess) {
    this.#life = process.life
  }

  receive(receiver: TransportReceiver): void {
    this.receiver = receiver
  }

  send(node: string, messages: readonly GroupMessage[]): void {
    const { process } = this
    const { world } = process
    const target = world.processNamed(node)
    if (target === undefined) return
    world.guard(() => {
      for (const { group, message } of messages) checkMessage(message, process.id, process.disk.logOf(group))
    })
    world.counts.messages += messages.length
    const carried = world.nodeConfig.usesCodec ? encoded(messages) : () => messages
    world.network.send(process.id, target.id, () => {
      if (!target.isUp) {
        this.#noticeEnd(target)
        return
      }
      target.run(() => target.transport?.receiver?.received(process.name, carried()))
    })
  }

  openStream(node: string, header: Buffer): PeerStream {
    return connectPipe(this.process, node, header)
  }

  async close(): Promise<void> {}

  /** A refused connection tells more than silence. */
  #noticeEnd(target: SimulatedProcess): void {
    const { world } = this.process
    if (!world.config.faults.reports || world.clockRandom.chance(0.5)) return
    this.process.runIn(this.#life, () => {
      if (world.clockRandom.chance(0.5)) this.receiver?.ended(target.name)
      else this.receiver?.unreachable(target.name, undefined)
    })
  }
}

function encoded(messages: readonly GroupMessage[]): () => GroupMessage[] {
  const frames = [...packFrames(messages)]
  return () => {
    const assembler = new FrameAssembler({ messageBytesMax: 1024 * 1024 })
    return frames.flatMap(frame => {
      const { kind, body } = openFrame(frame)
      if (kind === FrameKind.messages) return assembler.messages(body, frame)
      const whole = assembler.chunk(body)
      return whole === undefined ? [] : [whole]
    })
  }
}
