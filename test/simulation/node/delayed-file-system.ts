import type { FileSystem, OpenFile } from '../../../src/storage/index.js'
import type { SimulatedProcess } from './simulated-process.js'

/** Syncs take virtual time, in which the process may end; opening a disk does not, as nothing else runs meanwhile. */
export function delayed(fs: FileSystem, process: SimulatedProcess): FileSystem {
  const pause = (): Promise<void> => {
    if (process.booting !== undefined) return Promise.resolve()
    return new Promise(resolve => void process.later(process.world.diskDelay(process.id), resolve))
  }
  return {
    open: async (path, mode) => slowly(await fs.open(path, mode), pause),
    exists: path => fs.exists(path),
    list: path => fs.list(path),
    createDirectory: path => fs.createDirectory(path),
    rename: (from, to) => fs.rename(from, to),
    remove: path => fs.remove(path),
    syncDirectory: async path => {
      await pause()
      await fs.syncDirectory(path)
    },
    freeBytes: path => fs.freeBytes(path)
  }
}

function slowly(file: OpenFile, pause: () => Promise<void>): OpenFile {
  return {
    path: file.path,
    size: () => file.size(),
    read: (target, position) => file.read(target, position),
    readNow: (target, position) => file.readNow(target, position),
    write: (buffers, position) => file.write(buffers, position),
    writeNow: (buffers, position) => file.writeNow(buffers, position),
    sync: async () => {
      await pause()
      await file.sync()
    },
    syncNow: () => file.syncNow(),
    truncate: length => file.truncate(length),
    close: () => file.close()
  }
}
