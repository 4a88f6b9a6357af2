import { fdatasyncSync, readSync, writevSync } from 'node:fs'
import { access, type FileHandle, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FileSystem, OpenFile } from './file-system.js'
import { StorageFullError } from './log-storage.js'

const FLAGS = { read: 'r', write: 'r+', create: 'wx+' } as const
const DISK_FULL_CODES = new Set(['ENOSPC', 'EDQUOT'])
const MISSING_CODES = new Set(['ENOENT', 'ENOTDIR'])

/** The operating system's file system. */
export class NodeFileSystem implements FileSystem {
  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile> {
    return new NodeFile(path, await inWords(path, 'open', () => open(path, FLAGS[mode])))
  }

  async exists(path: string): Promise<boolean> {
    try {
      await access(path)
      return true
    } catch (error) {
      if (isMissing(error)) return false
      // A directory that may not be looked into is not an empty one.
      throw translate(path, 'access', error)
    }
  }

  async list(directory: string): Promise<string[]> {
    try {
      return (await readdir(directory)).sort()
    } catch (error) {
      if (isMissing(error)) return []
      throw translate(directory, 'list', error)
    }
  }

  async createDirectory(path: string): Promise<void> {
    const first = await inWords(path, 'create', () => mkdir(path, { recursive: true }))
    if (first === undefined) return
    for (let directory = path; directory.length >= dirname(first).length; directory = dirname(directory)) {
      await this.syncDirectory(directory)
      if (directory === dirname(directory)) return
    }
  }

  rename(from: string, to: string): Promise<void> {
    return inWords(from, 'rename', () => rename(from, to))
  }

  remove(path: string): Promise<void> {
    return inWords(path, 'remove', () => rm(path, { recursive: true, force: true }))
  }

  syncDirectory(path: string): Promise<void> {
    return inWords(path, 'sync', async () => {
      const handle = await open(path, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    })
  }

  async freeBytes(path: string): Promise<number> {
    const { bavail, bsize } = await inWords(path, 'read the free space of', () => statfs(path))
    return bavail * bsize
  }
}

class NodeFile implements OpenFile {
  constructor(
    readonly path: string,
    private readonly handle: FileHandle
  ) {}

  async size(): Promise<number> {
    return (await inWords(this.path, 'read', () => this.handle.stat())).size
  }

  async read(target: Buffer, position: number): Promise<number> {
    let done = 0
    while (done < target.length) {
      const { bytesRead } = await inWords(this.path, 'read', () =>
        this.handle.read(target, done, target.length - done, position + done)
      )
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done
  }

  readNow(target: Buffer, position: number): number {
    let done = 0
    try {
      while (done < target.length) {
        const bytesRead = readSync(this.handle.fd, target, done, target.length - done, position + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
    } catch (error) {
      throw translate(this.path, 'read', error)
    }
    return done
  }

  async write(buffers: readonly Buffer[], position: number): Promise<void> {
    let rest = buffers
    let at = position
    while (rest.length > 0) {
      const { bytesWritten } = await inWords(this.path, 'write', () =>
        this.handle.writev(rest.slice(0, VECTORS_MAX), at)
      )
      at += bytesWritten
      rest = skip(rest, bytesWritten)
    }
  }

  writeNow(buffers: readonly Buffer[], position: number): void {
    let rest = buffers
    let at = position
    try {
      while (rest.length > 0) {
        const bytesWritten = writevSync(this.handle.fd, rest.slice(0, VECTORS_MAX), at)
        at += bytesWritten
        rest = skip(rest, bytesWritten)
      }
    } catch (error) {
      throw translate(this.path, 'write', error)
    }
  }

  sync(): Promise<void> {
    return inWords(this.path, 'sync', () => this.handle.datasync())
  }

  syncNow(): void {
    try {
      fdatasyncSync(this.handle.fd)
    } catch (error) {
      throw translate(this.path, 'sync', error)
    }
  }

  truncate(length: number): Promise<void> {
    return inWords(this.path, 'truncate', () => this.handle.truncate(length))
  }

  close(): Promise<void> {
    return inWords(this.path, 'close', () => this.handle.close())
  }
}

/** IOV_MAX of Linux. */
const VECTORS_MAX = 1024

/** What is left of the buffers behind the first `bytes`; empty buffers at the front are dropped too. */
function skip(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  let skipped = 0
  for (let i = 0; i < buffers.length; i++) {
    const { length } = buffers[i]!
    if (skipped + length > bytes) return [buffers[i]!.subarray(bytes - skipped), ...buffers.slice(i + 1)]
    skipped += length
  }
  return []
}

function isMissing(error: unknown): boolean {
  return MISSING_CODES.has((error as NodeJS.ErrnoException).code ?? '')
}

async function inWords<T>(path: string, what: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    throw translate(path, what, error)
  }
}

function translate(path: string, what: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== undefined && DISK_FULL_CODES.has(code)) {
    return new StorageFullError(`The disk of ${path} is full: free some space`, { cause: error })
  }
  return new Error(`Cannot ${what} ${path}: ${message}`, { cause: error })
}
