import { mkdir, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binding } from './bindings.js'

const MARKER = 'engine.json'
const FORMAT = 1

interface Marker {
  readonly format: number
  readonly family: string
  readonly binding: string
}

/**
 * Says which engine a directory belongs to, and is read before any engine is loaded: an engine that opens another one's directory
 * may report nothing, show nothing and delete its log.
 */
export async function readMarker(directory: string): Promise<Marker | undefined> {
  const names = await readdir(directory).catch((): string[] => [])
  if (!names.includes(MARKER)) {
    if (names.length === 0) return undefined
    throw new Error(
      `${directory} has files of a storage engine but no ${MARKER}, so it can not be told which engine may open them. Move them away, or restore the marker from a backup`
    )
  }
  try {
    return JSON.parse(await readFile(join(directory, MARKER), 'utf8')) as Marker
  } catch (error) {
    throw new Error(`${join(directory, MARKER)} can not be read: restore it from a backup`, { cause: error })
  }
}

export function assertFits(marker: Marker, binding: Binding, directory: string): void {
  if (marker.format !== FORMAT) {
    throw new Error(
      `${directory} has format ${marker.format}, this version knows ${FORMAT}: start the version that wrote it`
    )
  }
  if (marker.family === binding.family) return
  throw new Error(
    `${directory} was written by ${marker.binding} (${marker.family}); ${binding.name} (${binding.family}) must not open it. Set myelin.storage.engine=${marker.binding} and run a Node version for which that binding works, or restore this node into an empty directory`
  )
}

/** On disk before the engine first opens the directory. */
export async function writeMarker(directory: string, binding: Binding): Promise<void> {
  await mkdir(directory, { recursive: true })
  const marker: Marker = { format: FORMAT, family: binding.family, binding: binding.name }
  const file = await open(join(directory, MARKER), 'wx')
  try {
    await file.writeFile(`${JSON.stringify(marker)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  const parent = await open(directory, 'r')
  try {
    await parent.sync()
  } finally {
    await parent.close()
  }
}
