/** What a client asked for and what it was told. Times are the virtual clock's. */
export interface AppendOperation {
  readonly kind: 'append'
  /** Unique over the run. */
  readonly values: readonly number[]
  readonly aggregate: number
  /** The sequence number that the first value must get, if it is demanded. */
  readonly expected: number | undefined
}

export interface ReadOperation {
  readonly kind: 'read'
}

export interface ScanOperation {
  readonly kind: 'scan'
  readonly from: number
}

export type OperationRequest = AppendOperation | ReadOperation | ScanOperation

/**
 * ok: it took effect before this answer. fail: it certainly never takes effect. unknown: it may have, or may at any later time.
 */
export type Outcome =
  | { readonly kind: 'ok'; readonly token: number; readonly values?: readonly number[] }
  | { readonly kind: 'fail' }
  | { readonly kind: 'unknown' }

/** One value of the final log. */
export interface LoggedValue {
  readonly value: number
  readonly aggregate: number
  readonly sequence: number
}
