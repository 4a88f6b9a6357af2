import { join } from 'node:path'
import { type FileSystem, parseSegmentFileName } from '../../storage/index.js'

export interface SegmentPlace {
  readonly fs: FileSystem
  /** Of the context. */
  readonly directory: string
  readonly suffix: string
}

/** In a checkpoint: files of the state wait in a directory of their own, and may have to be brought to their places still. */
export interface InstalledSegments {
  /** Name below the directory of the context. */
  readonly directory: string
  /** First tokens of all segments of the state. */
  readonly segments: readonly number[]
}

const INCOMING = 'incoming-'

export function incomingName(number: number): string {
  return INCOMING + number
}

/** A number that no directory in use has. */
export function nextIncoming(installed: InstalledSegments | undefined): number {
  return installed === undefined ? 1 : Number(installed.directory.slice(INCOMING.length)) + 1
}

/**
 * Brings the files of an installed state to their places and removes those that it does not know. The checkpoint decided; this
 * only follows, any number of times: again after a crash in the middle, and without effect once it was done.
 */
export async function finishInstall(place: SegmentPlace, installed: InstalledSegments): Promise<void> {
  const { fs, directory, suffix } = place
  const incoming = join(directory, installed.directory)
  for (const name of await fs.list(incoming)) await fs.rename(join(incoming, name), join(directory, name))
  const known = new Set(installed.segments)
  for (const name of await fs.list(directory)) {
    const token = parseSegmentFileName(name, suffix)
    if (token === undefined || known.has(token) || token < installed.segments[0]!) continue
    await fs.remove(join(directory, name))
  }
  await fs.syncDirectory(directory)
  await removeIncoming(place)
}

/** What transfers that came to nothing have left. */
export async function removeIncoming({ fs, directory }: SegmentPlace): Promise<void> {
  for (const name of await fs.list(directory)) {
    if (name.startsWith(INCOMING)) await fs.remove(join(directory, name))
  }
}
