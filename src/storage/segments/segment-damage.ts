import { StorageDamagedError, StorageFullError } from '../log-storage.js'

export interface DamagePlace {
  readonly path: string
  readonly position: number
}

/** Says what is wrong, where, and what the operator can do: replicas hold equal files, so any of them can give a good copy. */
export function damaged(place: DamagePlace, what: string, cause?: unknown): StorageDamagedError {
  return new StorageDamagedError(
    `Event segment ${place.path} is damaged at byte ${place.position}: ${what}. ` +
      'Stop this node and replace the file by the same file of another node of this context (they are equal byte for byte), ' +
      'or restore the context from a backup',
    cause === undefined ? undefined : { cause }
  )
}

export function isMissingFile(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}

export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error)
  return error instanceof StorageFullError || code === 'ENOSPC' || code === 'EDQUOT'
}

/** The file system may have put its own words around the system's error. */
function errorCode(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined
  return 'code' in error ? error.code : errorCode(error.cause)
}
