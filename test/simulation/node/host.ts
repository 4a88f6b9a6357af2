import {
  type Consensus,
  NotLeaderError,
  NotStoredError,
  RetryReadError
} from '../../../src/consensus/index.js'
import { StorageBusyError, StorageFullError } from '../../../src/storage/index.js'
import type { AppendOperation, LoggedValue } from '../history/operation.js'

/** The product as it runs in one process. */
export interface Host {
  readonly consensus: Consensus
  /** Everything is open: the groups start, and from here on what the disk does takes time. */
  begin(): void
  /** Resolves with the token of the first value; undefined when the demanded sequence number is another. */
  append(group: number, operation: number, request: AppendOperation): Promise<number | undefined>
  /** How many values there are, at least those from before the call, and which from `from` on. */
  read(group: number, from: number): Promise<{ readonly length: number; readonly values: readonly number[] }>
  /** What this process has at the moment. */
  valuesOf(group: number): Promise<readonly LoggedValue[]>
}

/** What was asked for certainly did not happen, and never will. */
export class NotDoneError extends Error {
  override readonly name = 'NotDoneError'
}

const CERTAIN = [
  NotDoneError,
  NotLeaderError,
  NotStoredError,
  StorageBusyError,
  StorageFullError,
  RetryReadError
]

export function isCertainFailure(error: unknown): boolean {
  return CERTAIN.some(kind => error instanceof kind)
}
