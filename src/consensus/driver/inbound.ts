import type { NodeId } from '../core/index.js'
import type { GroupMessage, PeerStream, TransportReceiver } from '../ports.js'
import { decodeTransferHeader } from '../transfer/index.js'
import type { Group } from './group.js'
import type { ConsensusMetrics } from './metrics.js'

/** What comes from other nodes goes to its group. */
export class Inbound implements TransportReceiver {
  constructor(
    private readonly groups: ReadonlyMap<number, Group>,
    private readonly metrics: ConsensusMetrics
  ) {}

  received(node: string, messages: readonly GroupMessage[]): void {
    for (const { group, message } of messages) {
      this.metrics.receivedMessages++
      const target = this.groups.get(group)
      // Another id: meant for an earlier membership of this node.
      if (target === undefined || message.to !== target.self) {
        this.metrics.misdirectedMessages++
        continue
      }
      target.peers.learn(message.from, node)
      if (!target.receive(message)) this.metrics.droppedMessages++
    }
  }

  unreachable(node: string, group: number | undefined): void {
    this.#eachPeer(node, group, (target, peer) => target.tell(core => core.reportUnreachable(peer)))
  }

  /** Its process is gone: who followed it need not wait for its silence. */
  ended(node: string): void {
    this.#eachPeer(node, undefined, (target, peer) => {
      if (target.node.raft.leader === peer) target.tell(core => core.forgetLeader())
    })
  }

  streamOpened(node: string, headerBytes: Buffer, stream: PeerStream): void {
    const header = decodeTransferHeader(headerBytes)
    const target = header === undefined ? undefined : this.groups.get(header.group)
    if (header === undefined || target === undefined || target.failure !== undefined) {
      stream.abort(new Error('nothing here takes this stream'))
      return
    }
    target.peers.learn(header.from, node)
    void target.snapshots.receive(header, stream)
  }

  #eachPeer(node: string, only: number | undefined, action: (group: Group, peer: NodeId) => void): void {
    for (const group of this.groups.values()) {
      if (only !== undefined && group.id !== only) continue
      for (const peer of group.peers.idsOn(node)) if (peer !== group.self) action(group, peer)
    }
  }
}
