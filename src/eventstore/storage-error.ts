import { StorageBusyError, StorageDamagedError, StorageFullError } from '../storage/index.js'
import { ServerError } from '../wire/index.js'

/** What a caller is told when something could not be stored. */
export function writeError(error: unknown): unknown {
  if (error instanceof StorageFullError || error instanceof StorageDamagedError)
    return new ServerError('AXONIQ-9100', error.message, { cause: error })
  if (error instanceof StorageBusyError)
    return new ServerError('AXONIQ-1900', error.message, { cause: error })
  return error
}

/** What a caller is told when something stored could not be read. */
export function readError(error: unknown): unknown {
  return error instanceof StorageDamagedError
    ? new ServerError('AXONIQ-9000', error.message, { cause: error })
    : error
}
