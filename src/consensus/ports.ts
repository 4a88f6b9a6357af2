import type { ConfState, Index, Message, NodeId } from './core/index.js'

/** What a node is in a group. Only primaries vote and lead; backups and secondaries are Raft's learners. */
export type GroupRole = 'PRIMARY' | 'ACTIVE_BACKUP' | 'PASSIVE_BACKUP' | 'SECONDARY'

export interface Member {
  /** Given once per join, never again. */
  readonly id: NodeId
  /** The node's name: how the transport finds it. */
  readonly node: string
  readonly role: GroupRole
  /** 0-255; a healthy member with a higher one gets the leadership after a while. */
  readonly priority: number
}

/** Who is in a group at one position of its log; stored with every checkpoint (JSON). */
export interface Membership {
  /** This node's own id in the group. */
  readonly self: NodeId
  readonly conf: ConfState
  readonly members: readonly Member[]
  /** Members of the commit gate; while the configuration is joint, still those from before. */
  readonly gate?: readonly NodeId[]
  /** Ids that were removed: refused for ever. */
  readonly removed?: readonly NodeId[]
  /** Version of the rules of apply in force; absent: 1. */
  readonly rules?: number
}

/** A position in a group's log, and the configuration in force there. */
export interface GroupPosition {
  readonly index: number
  readonly term: number
  readonly membership?: Membership
  /** Checksum chain over the log up to here, equal on all members. */
  readonly digest?: number
}

export interface CommittedEntry {
  readonly index: number
  readonly term: number
  readonly data: Buffer
}

/** The replicated state of one group. `apply` is deterministic: the same entries give the same state and answers anywhere. */
export interface StateMachine {
  /** Loads what `apply` will look at; undefined when everything is in memory. */
  prepare(data: Buffer): Promise<void> | undefined
  /** Its result answers the proposer. A throw stops the group on this node. */
  apply(entry: CommittedEntry): unknown
  /** After each round of applies. A promise holds the next round back. */
  endRound(): Promise<void> | undefined
  /** The newest version of the rules of apply that this build knows; absent: 1. */
  readonly rulesMax?: number
  /** From the next entry on, these rules are in force; also called at the start, before anything is applied. */
  useRules?(version: number): void
  /** Checksum of the state after the last applied entry, equal on all members; cheap, taken every 10,000 entries. */
  stateDigest?(): number
  /** For peers that are behind the log. A machine without it can only be followed from the log's beginning. */
  readonly transfer?: StateTransfer
}

/** Moves a state machine's checkpointed state to a peer. */
export interface StateTransfer {
  /** Pins the newest checkpoint until released; takes a new one when the newest does not contain `atLeast`. */
  openSource(atLeast?: Index): Promise<StateSource>
  /** One at a time: replaces the state of this node. */
  openSink(): Promise<StateSink>
}

export interface StateSource {
  readonly position: GroupPosition
  /** What there is, for the receiver to compare with what it has. */
  readonly manifest: Buffer
  /** The pieces that a receiver lacks that answered the manifest with `have`; at most 1 MiB each, in an order that the sink accepts. */
  pieces(have: Buffer): AsyncIterable<Buffer>
  release(): void
}

export interface StateSink {
  /** Compares with what is already here and verified, also from an earlier transfer that broke off. */
  begin(manifest: Buffer): Promise<Buffer>
  /** Resolves when the piece is durable enough to be left out after a reconnect. */
  write(piece: Buffer): Promise<void>
  /**
   * One synced step after which the new state is the state, at this position. The machine neither prepares nor applies meanwhile.
   * When it rejects, the old state goes on.
   */
  commit(position: GroupPosition): Promise<void>
  /** The old state stays as it was. Nothing after a commit. */
  abort(): Promise<void>
}

export interface GroupMessage {
  readonly group: number
  readonly message: Message
}

/** Carries messages between nodes; may lose them, and never blocks. */
export interface Transport {
  /** Gets what arrives; set once, before anything is sent. */
  receive(receiver: TransportReceiver): void
  /** What one round of the driver has for one node. What does not fit into the queue is dropped and reported as unreachable. */
  send(node: string, messages: readonly GroupMessage[]): void
  /** A stream of pieces to a node, with back-pressure; for state transfers. */
  openStream(node: string, header: Buffer): PeerStream
  close(): Promise<void>
}

export interface TransportReceiver {
  received(node: string, messages: readonly GroupMessage[]): void
  /** Messages to the node were lost; of this group, or of all. */
  unreachable(node: string, group: number | undefined): void
  /** The process of the node is known to have ended (connection refused or reset). */
  ended(node: string): void
  streamOpened(node: string, header: Buffer, stream: PeerStream): void
}

/** Both directions, ordered. */
export interface PeerStream {
  /** Resolves when there is room for more. Rejects when the stream broke. */
  write(piece: Buffer): Promise<void>
  /** Ends after the other side's `end`; throws when the stream broke. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer>
  end(): void
  abort(error: Error): void
}
