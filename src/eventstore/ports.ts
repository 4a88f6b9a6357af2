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
}

export interface LogPosition {
  readonly index: number
  readonly term: number
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
  /** Bytes of log that a restart would have to read again. */
  readonly replayBytes: number
  /** Finishes what is under way and closes the log. */
  close(): Promise<void>
}

export const Sequencer = token<Sequencer>('eventstore/Sequencer@1')
