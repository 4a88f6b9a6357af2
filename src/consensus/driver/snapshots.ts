import { reasonOf } from '../../kernel/index.js'
import { type Index, isMember, type Message, type NodeId, type SnapshotMeta } from '../core/index.js'
import type { GroupPosition, PeerStream, StateSource } from '../ports.js'
import type { TransferHeader } from '../transfer/index.js'
import type { Group } from './group.js'
import { StateInstall } from './state-install.js'

/** A peer that could not take a state is offered the next one after so long. */
const RETRY_MS = 1000
/** A state that is ready is pinned for so long until the core sends it. */
const OFFER_MS = 10_000

interface Offer {
  readonly source: StateSource
  readonly untilMs: number
}

/** One group's states that move between nodes: offered to peers that are behind the log, or received from the leader. */
export class Snapshots {
  #newest: GroupPosition
  readonly #opening = new Set<NodeId>()
  readonly #offers = new Map<NodeId, Offer>()
  readonly #sending = new Set<NodeId>()
  readonly #notBeforeMs = new Map<NodeId, number>()
  #received: GroupPosition | undefined

  constructor(
    private readonly group: Group,
    position: GroupPosition
  ) {
    this.#newest = position
  }

  isSendingTo(peer: NodeId): boolean {
    return this.#sending.has(peer)
  }

  /** The checkpoint is durable: the log up to it may go, but for what a transfer that is under way has to be followed by. */
  checkpointed(position: GroupPosition): void {
    const { log, transfers } = this.group.context
    if (position.index > this.#newest.index) this.#newest = position
    const pinned = Math.min(
      transfers.pinnedIndex(this.group.id) ?? position.index,
      ...[...this.#offers.values()].map(({ source }) => source.position.index)
    )
    const index = Math.min(position.index, pinned)
    const term = index === position.index ? position.term : log.term(this.group.id, index)
    if (term !== undefined) log.dropPrefix(this.group.id, { index, term })
  }

  /** A state for the peer, which must be a member in it (run 1296). Undefined: none is ready; the core asks again. */
  offerFor(peer: NodeId): SnapshotMeta | undefined {
    const offer = this.#offers.get(peer)
    if (offer !== undefined) {
      const { index, term, membership } = offer.source.position
      return { index, term, conf: membership!.conf }
    }
    void this.#open(peer)
    return undefined
  }

  /** The core wants the peer to have a state. Whatever happens, it is told how it ended. */
  send(message: Message): void {
    const { group } = this
    const { context } = group
    const { to: peer, from, term } = message
    const source = this.#offers.get(peer)?.source
    const node = group.peers.nodeOf(peer)
    const { transport } = context
    if (source === undefined || node === undefined || transport === undefined) {
      group.tell(core => core.reportSnapshot(peer, false))
      return
    }
    this.#offers.delete(peer)
    this.#sending.add(peer)
    context.metrics.snapshotsSent++
    const header: TransferHeader = { group: group.id, from, to: peer, term }
    void context.transfers
      .send({ header, source, open: bytes => transport.openStream(node, bytes) })
      .then(({ ok }) => this.#sent(peer, ok))
  }

  /** A peer offers a state on this stream. */
  async receive(header: TransferHeader, stream: PeerStream): Promise<void> {
    const { metrics, transfers } = this.group.context
    const install = new StateInstall(this.group, header)
    const result = await transfers.receive({
      header,
      stream,
      accept: position => install.accept(position),
      install: (commit, position) => install.run(commit, position)
    })
    if (result.ok) metrics.snapshotsReceived++
    else metrics.snapshotsFailed++
  }

  /** What the state machine contains from now on; the core is told next. */
  received(position: GroupPosition): void {
    this.#received = position
  }

  /** The core has taken the state in the place of its log. */
  replaceLog({ index, term }: SnapshotMeta): void {
    const { group } = this
    if (this.#received?.index === index) this.#newest = this.#received
    group.context.log.dropPrefix(group.id, { index, term })
    group.view.installed(index)
  }

  /** Lets go of states that nobody asked for after all. */
  tidy(nowMs: number): void {
    for (const [peer, { source, untilMs }] of this.#offers) {
      if (nowMs < untilMs) continue
      this.#offers.delete(peer)
      source.release()
    }
  }

  stop(): void {
    this.tidy(Number.POSITIVE_INFINITY)
  }

  async #open(peer: NodeId): Promise<void> {
    const { group } = this
    const { context, machine } = group
    const { transfer } = machine
    const nowMs = context.now()
    if (transfer === undefined || this.#opening.has(peer) || this.#sending.has(peer)) return
    if (nowMs < (this.#notBeforeMs.get(peer) ?? 0)) return
    this.#opening.add(peer)
    this.#notBeforeMs.set(peer, nowMs + RETRY_MS)
    try {
      const source = await transfer.openSource(this.#atLeastFor(peer))
      const { membership } = source.position
      const isUsable =
        group.failure === undefined && membership !== undefined && isMember(membership.conf, peer)
      if (isUsable) this.#offers.set(peer, { source, untilMs: context.now() + OFFER_MS })
      else source.release()
    } catch (error) {
      group.logger.warn(
        { group: group.id, peer, reason: reasonOf(error) },
        'no state can be offered to a peer'
      )
    } finally {
      this.#opening.delete(peer)
    }
  }

  /** The newest checkpoint will do if the peer is a member there; else one that contains its joining. */
  #atLeastFor(peer: NodeId): Index {
    const { membership, index } = this.#newest
    const isThere = membership !== undefined && isMember(membership.conf, peer)
    if (isThere) return index
    this.group.context.events.checkpointNeeded?.(this.group.id)
    return this.group.node.raft.confIndex
  }

  #sent(peer: NodeId, isInstalled: boolean): void {
    this.#sending.delete(peer)
    if (!isInstalled) {
      this.group.context.metrics.snapshotsFailed++
      this.#notBeforeMs.set(peer, this.group.context.now() + RETRY_MS)
    }
    this.group.tell(core => core.reportSnapshot(peer, isInstalled))
  }
}
