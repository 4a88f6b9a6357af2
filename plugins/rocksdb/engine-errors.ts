import { StorageDamagedError, StorageFullError } from '../../src/storage/index.js'

type FailureKind = 'damaged' | 'locked' | 'full'

/**
 * `rocksdb` 5 gives no codes at all, and no binding has one for a full disk: what begins an engine's status text is the only
 * place where they say it. Nowhere else is a message read.
 */
const STATUS_TEXTS: readonly (readonly [RegExp, FailureKind])[] = [
  [/^IO error: .*(No space left on device|Disk quota exceeded)/s, 'full'],
  [/^IO error: (lock |While lock file|LockFile )/, 'locked'],
  [/^Corruption: /, 'damaged']
]

const CODES: Readonly<Record<string, FailureKind>> = {
  LEVEL_CORRUPTION: 'damaged',
  LEVEL_LOCKED: 'locked',
  ENOSPC: 'full',
  EDQUOT: 'full'
}

/** What an engine said, in words that say where and what to do. */
export function engineError(error: unknown, directory: string): unknown {
  const [kind, text] = classify(error)
  if (kind === 'damaged') return damagedStore(directory, text, error)
  if (kind === 'full') {
    return new StorageFullError(`The disk of the state store in ${directory} is full: free some space`, {
      cause: error
    })
  }
  if (kind === 'locked') {
    return new Error(
      `The state store in ${directory} is used by another process, or is open already in this one: stop the other node, or give this one a directory of its own (axoniq.axonserver.controldb-path)`,
      { cause: error }
    )
  }
  if (text === undefined) return error
  return new Error(`The state store in ${directory} failed: ${text}`, { cause: error })
}

export function damagedStore(
  directory: string,
  what: string | undefined,
  cause?: unknown
): StorageDamagedError {
  return new StorageDamagedError(
    `The state store in ${directory} is damaged: ${what}. Restore the directory from a backup taken together with the event segments and the journal; a node of a cluster can also start with empty directories and join again`,
    { cause }
  )
}

/** The first cause that is known decides: abstract-level wraps what happens while a store is opened. */
function classify(error: unknown): readonly [kind: FailureKind | undefined, text: string | undefined] {
  let text: string | undefined
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    text = cause.message
    const kind = kindOf(cause)
    if (kind !== undefined) return [kind, text]
  }
  return [undefined, text]
}

function kindOf(error: Error): FailureKind | undefined {
  const full = STATUS_TEXTS[0]!
  if (full[0].test(error.message)) return full[1]
  const { code } = error as NodeJS.ErrnoException
  if (code !== undefined && code in CODES) return CODES[code]
  return STATUS_TEXTS.find(([text]) => text.test(error.message))?.[1]
}
