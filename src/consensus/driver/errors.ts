import { StorageFullError } from '../../storage/index.js'
import { type ErrorCode, ServerError } from '../../wire/index.js'

/** A replication group refuses to work, or gives a proposal up before it was written. Says why in words. */
export class GroupFailedError extends ServerError {
  constructor(message: string, cause?: unknown) {
    super('AXONIQ-9100', message, cause === undefined ? {} : { cause })
  }
}

/** The proposal was not accepted here: it is certainly not stored, and may be repeated at the leader. */
export class NotLeaderError extends ServerError {
  constructor(
    group: number,
    /** Name of the leader's node, when it is known. */
    readonly leader: string | undefined
  ) {
    super(
      leader === undefined ? 'AXONIQ-2100' : 'AXONIQ-1100',
      leader === undefined
        ? `replication group ${group} has no leader at the moment`
        : `replication group ${group} is led by ${leader}`
    )
  }
}

/** The log went on without the entry: it is certainly not stored, and may be repeated. */
export class NotStoredError extends ServerError {
  constructor(group: number, reason: string) {
    super('AXONIQ-1100', `the entry was not stored in replication group ${group}: ${reason}`)
  }
}

/** The entry may be stored, now or later, or not: whoever repeats it must be able to tell. */
export class OutcomeUnknownError extends ServerError {
  constructor(group: number, reason: string, cause?: unknown) {
    super(
      cause instanceof StorageFullError ? 'AXONIQ-9100' : 'AXONIQ-10003',
      `outcome unknown: the entry may or may not be stored in replication group ${group}: ${reason}`,
      cause === undefined ? {} : { cause }
    )
  }
}

/** A read that must show what was committed before it could not be confirmed in time; it may be repeated. */
export class RetryReadError extends ServerError {
  constructor(group: number, reason: string) {
    super('AXONIQ-1100', `the read of replication group ${group} was not confirmed, try again: ${reason}`)
  }
}

/** A change of members or leader was refused, or did not come about. */
export class MembershipError extends ServerError {
  constructor(code: ErrorCode, message: string) {
    super(code, message)
  }
}
