import { join } from 'node:path'
import type { FileSystem } from '../file-system.js'
import { parseSegmentFileName } from './segment.js'

interface SegmentDirectory {
  readonly fs: FileSystem
  readonly directory: string
  readonly suffix: string
}

/** Deletes the segments in a directory, and the directory when nothing else is in it. */
export async function removeSegments({ fs, directory, suffix }: SegmentDirectory): Promise<void> {
  const names = await fs.list(directory)
  const ours = names.filter(name => parseSegmentFileName(name, suffix) !== undefined)
  for (const name of ours) await fs.remove(join(directory, name))
  if (ours.length === names.length) await fs.remove(directory)
  else await fs.syncDirectory(directory)
}
