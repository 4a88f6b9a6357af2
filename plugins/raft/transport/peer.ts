import {
  type Gone,
  type GroupMessage,
  Lane,
  MessageType,
  type TransportReceiver,
  type Welcome
} from '../../../src/consensus/index.js'
import type { Logger } from '../../../src/kernel/index.js'
import type { LossKind } from './peer-connection.js'
import { type LaneOptions, PeerLane } from './peer-lane.js'

export interface PeerOptions extends Omit<LaneOptions, 'lane' | 'takesWhileDown'> {
  readonly log: Logger
  readonly receiver: () => TransportReceiver | undefined
  /** The node says that it is not this member of the group (any more). */
  readonly onMemberGone: (node: string, group: number, id: number) => void
}

/** Acks and votes are small; this part of the bound means that the node does not read. */
const CONTROL_SHARE = 1 / 8

/** One other node: heartbeats, votes and acks on one connection, appends on another, so that neither waits for the other. */
export class Peer {
  readonly control: PeerLane
  readonly bulk: PeerLane
  /** Groups whose losses were reported since nothing waited last. */
  readonly #reported = new Set<number>()
  #incarnation = 0
  #isDown = false
  #isEndReported = false
  #refused = 0

  constructor(private readonly options: PeerOptions) {
    const controlBytesMax = Math.ceil(options.queueBytesMax * CONTROL_SHARE)
    this.control = this.#lane({
      ...options,
      lane: Lane.control,
      takesWhileDown: true,
      queueBytesMax: controlBytesMax
    })
    this.bulk = this.#lane({ ...options, lane: Lane.bulk, takesWhileDown: false })
  }

  /** Messages that were lost here: too much waited, or nobody was there. */
  get dropped(): number {
    return this.#refused + this.control.stats.dropped + this.bulk.stats.dropped
  }

  get isConnected(): boolean {
    return this.control.state === 'open' && this.bulk.state === 'open'
  }

  send(messages: readonly GroupMessage[]): void {
    for (const message of messages) {
      const lane = this.#laneOf(message)
      if (lane.add(message)) continue
      // The connection may have room for what waits.
      lane.flush()
      if (!lane.add(message)) this.#refuse(message.group)
    }
    this.control.flush()
    this.bulk.flush()
  }

  /** Something arrived from the node. */
  wake(): void {
    this.control.wake()
    this.bulk.wake()
  }

  close(): void {
    this.control.close()
    this.bulk.close()
  }

  #lane(options: LaneOptions): PeerLane {
    return new PeerLane(options, {
      onOpen: welcome => this.#onOpen(welcome),
      onLost: (kind, reason) => this.#onLost(kind, reason),
      onDrained: () => {
        if (this.#reported.size > 0 && this.control.isClear && this.bulk.isClear) this.#reported.clear()
      },
      onGone: gone => this.#onGone(gone)
    })
  }

  #laneOf({ message: { type } }: GroupMessage): PeerLane {
    return type === MessageType.append || type === MessageType.snapshot || type === MessageType.propose
      ? this.bulk
      : this.control
  }

  #refuse(group: number): void {
    this.#refused++
    if (this.#reported.has(group)) return
    this.#reported.add(group)
    this.#tell(receiver => receiver.unreachable(this.options.target, group))
  }

  #onOpen({ incarnation }: Welcome): void {
    const { target, log } = this.options
    // A process that was replaced before anybody noticed.
    if (this.#incarnation !== 0 && this.#incarnation !== incarnation && !this.#isEndReported)
      this.#tell(receiver => receiver.ended(target))
    this.#incarnation = incarnation
    if (!this.isConnected) return
    log.info({ node: target, incarnation }, 'connected to another node')
    this.#isDown = false
    this.#isEndReported = false
  }

  #onLost(kind: LossKind, reason: string | undefined): void {
    const { target, log } = this.options
    if (!this.#isDown) {
      this.#isDown = true
      log.warn({ node: target, kind, reason }, 'no connection to another node')
      this.#tell(receiver => receiver.unreachable(target, undefined))
    }
    if (kind !== 'refused' || this.#isEndReported) return
    this.#isEndReported = true
    this.#tell(receiver => receiver.ended(target))
  }

  #onGone({ node, incarnation, members }: Gone): void {
    const { target, log, onMemberGone } = this.options
    if (members.length === 0) {
      const fields = { node: target, found: node, incarnation }
      log.warn(fields, 'another node, or another life of it, is where a node was expected')
    }
    for (const { group, id } of members) {
      onMemberGone(target, group, id)
      this.#tell(receiver => receiver.unreachable(target, group))
    }
  }

  /** Not in this turn: the caller may be in the middle of a round. */
  #tell(say: (receiver: TransportReceiver) => void): void {
    queueMicrotask(() => {
      const receiver = this.options.receiver()
      if (receiver !== undefined) say(receiver)
    })
  }
}
