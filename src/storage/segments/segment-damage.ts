import { StorageDamagedError } from '../log-storage.js'

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
