import { token } from '../kernel/index.js'

/** A committed entry of a group's log, in order. */
export interface CommittedEntry {
  readonly index: number
  readonly term: number
  readonly data: Buffer
}

/** The replicated state of one group. `apply` is deterministic: the same entries give the same state and answers anywhere. */
export interface StateMachine {
  /** Loads what `apply` will look at; undefined when everything is in memory. Called right before that entry is applied. */
  prepare(data: Buffer): Promise<void> | undefined
  /** Its result answers the proposer. A throw stops the group. */
  apply(entry: CommittedEntry): unknown
  /** After each round of applies. A promise holds the next round back until the machine has caught up with its disk. */
  endRound(): Promise<void> | undefined
  /** For peers that are behind the log, and for this node when it is. */
  readonly transfer?: StateTransfer
}

/** A position in a group's log, and whatever its owner says about the members there: kept with every checkpoint as JSON. */
export interface LogPosition {
  readonly index: number
  readonly term: number
  readonly membership?: unknown
}

/** Moves a state machine's checkpointed state from one node to another. */
export interface StateTransfer {
  /** Pins the newest checkpoint until released; takes a new one when the newest does not contain `atLeast`. */
  openSource(atLeast?: number): Promise<StateSource>
  /** One at a time: replaces the state of this node. */
  openSink(): Promise<StateSink>
}

export interface StateSource {
  readonly position: LogPosition
  /** What there is, for the receiver to compare with what it has. */
  readonly manifest: Buffer
  /** The pieces that a receiver lacks that answered the manifest with `have`; at most 1 MiB each, in order. To be walked once. */
  pieces(have: Buffer): AsyncIterable<Buffer>
  release(): void
}

export interface StateSink {
  /** Compares with what is already here and verified, also from an earlier transfer that broke off. */
  begin(manifest: Buffer): Promise<Buffer>
  /** Resolves when the piece is kept well enough to be left out after a reconnect. */
  write(piece: Buffer): Promise<void>
  /**
   * One synced step after which the new state is the state, at this position. The group neither prepares nor applies meanwhile.
   * When it rejects, the old state goes on.
   */
  commit(position: LogPosition): Promise<void>
  /** The old state stays as it was. Nothing after a commit. */
  abort(): Promise<void>
}

export interface OpenedGroup {
  readonly group: number
  readonly lastIndex: number
  /** Words, when the log of the group is damaged; such a group does not start. */
  readonly damage?: string
}

/** Orders proposals and hands committed entries to the state machines: one node by itself, or Raft. */
export interface Sequencer {
  /** Opens the log; `checkpoints` says per group which prefix is already contained in its state. */
  open(checkpoints: ReadonlyMap<number, LogPosition>): Promise<readonly OpenedGroup[]>
  /** Applies what the log holds above `applied`, then accepts proposals. */
  start(group: number, machine: StateMachine, applied: LogPosition): Promise<void>
  /** Resolves with the result of `apply`. Rejects when the entry certainly was not stored, or when the node gives up. */
  propose(group: number, data: Buffer): Promise<unknown>
  /** Stops a group and forgets its log for ever. */
  remove(group: number): void
  /** The checkpoint is durable: entries up to it are not needed any more. */
  checkpointed(group: number, position: LogPosition): void
  applied(group: number): LogPosition
  /** Resolves when what was confirmed before the call, on any node, is applied here. Absent where there are no other nodes. */
  readBarrier?(group: number): Promise<void>
  /** Bytes of log that a restart would have to read again. */
  readonly replayBytes: number
  /** Finishes what is under way and closes the log. */
  close(): Promise<void>
}

export const Sequencer = token<Sequencer>('eventstore/Sequencer@1')
