import { join } from 'node:path'
import type { FileSystem } from '../../src/storage/index.js'
import type { BindingName, EngineFamily } from './bindings.js'
import { damagedStore } from './engine-errors.js'

/** Says which engine a directory belongs to; read before any engine is loaded. */
export interface StoreMarker {
  /** Of what we write: keys, and values with their checksums. */
  readonly format: number
  readonly family: EngineFamily
  readonly binding: BindingName
  readonly bindingVersion: string
  readonly engineVersion?: string | undefined
  readonly createdBy: string
  /** The engine has opened once: from now on its files must be there. */
  readonly isInitialized: boolean
}

export const MARKER_FORMAT = 1
const MARKER_FILE = 'store.json'
const MARKER_BYTES_MAX = 64 * 1024
const ENGINE_DIRECTORY = 'db'

/** What RocksDB and LevelDB leave in a directory. */
const ENGINE_FILES = /^(CURRENT|LOCK|IDENTITY|LOG(\.old.*)?|MANIFEST-\d+|OPTIONS-\d+|\d+\.(log|sst|ldb))$/

export function engineLocation(directory: string): string {
  return join(directory, ENGINE_DIRECTORY)
}

/**
 * Undefined for a directory that no engine has used. Refuses what can not be told, because an engine that opens another's or a newer
 * one's files may report nothing, show nothing and delete the log.
 */
export async function readMarker(fs: FileSystem, directory: string): Promise<StoreMarker | undefined> {
  const names = await fs.list(directory)
  const engineNames = await fs.list(engineLocation(directory))
  if (names.includes(MARKER_FILE)) return checked(await parse(fs, directory), directory, engineNames)
  const strangers = [...names, ...engineNames].filter(name => ENGINE_FILES.test(name))
  if (strangers.length === 0) return undefined
  throw new Error(
    `${directory} holds files of a storage engine (${strangers.slice(0, 3).join(', ')}) but no ${MARKER_FILE}, so which engine may open them can not be told. Restore ${MARKER_FILE} together with them from a backup, or move the files away to begin with an empty store`
  )
}

/** On disk, with its name, when it resolves. */
export async function writeMarker(fs: FileSystem, directory: string, marker: StoreMarker): Promise<void> {
  await fs.createDirectory(engineLocation(directory))
  const temporary = join(directory, `${MARKER_FILE}.new`)
  await fs.remove(temporary)
  const file = await fs.open(temporary, 'create')
  try {
    await file.write([Buffer.from(`${JSON.stringify(marker, undefined, 2)}\n`)], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await fs.rename(temporary, join(directory, MARKER_FILE))
  await fs.syncDirectory(directory)
}

function checked(
  marker: Partial<StoreMarker>,
  directory: string,
  engineNames: readonly string[]
): StoreMarker {
  const { format, family, binding, bindingVersion, isInitialized } = marker
  if (format !== MARKER_FORMAT) {
    throw new Error(
      `${directory} has format ${format} of the state store, and this release knows ${MARKER_FORMAT}: start the release that wrote it`
    )
  }
  const isComplete =
    (family === 'rocksdb' || family === 'leveldb') &&
    (binding === 'rocksdb' || binding === 'nxtedition' || binding === 'classic-level') &&
    typeof bindingVersion === 'string' &&
    typeof isInitialized === 'boolean'
  if (!isComplete) throw unreadable(directory)
  if (isInitialized && !engineNames.includes('CURRENT')) {
    throw damagedStore(
      directory,
      `${MARKER_FILE} says that ${binding} keeps a store here, but its files are gone`
    )
  }
  return marker as StoreMarker
}

async function parse(fs: FileSystem, directory: string): Promise<Partial<StoreMarker>> {
  const file = await fs.open(join(directory, MARKER_FILE), 'read')
  try {
    const bytes = Buffer.alloc(Math.min(await file.size(), MARKER_BYTES_MAX))
    await file.read(bytes, 0)
    const marker: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof marker === 'object' && marker !== null) return marker
  } catch (error) {
    throw unreadable(directory, error)
  } finally {
    await file.close()
  }
  throw unreadable(directory)
}

function unreadable(directory: string, cause?: unknown): Error {
  return new Error(`${join(directory, MARKER_FILE)} can not be read: restore it from a backup`, { cause })
}
