import { dirname } from 'node:path'
import type { FileSystem, OpenFile } from '../file-system.js'
import { StorageFullError } from '../log-storage.js'
import { FaultyFile } from './faulty-file.js'
import { SeededRandom } from './seeded-random.js'

export type Operation =
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'rename'
  | 'remove'
  | 'syncDirectory'

/** The process is dead: it did not get to this operation. */
export class CrashedError extends Error {
  override readonly name = 'CrashedError'
}

type DirectoryChange =
  | { readonly kind: 'create'; readonly path: string; readonly file: FaultyFile }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }

export interface FaultyFileSystemOptions {
  readonly seed: number
  /** Room for the contents of all files; unlimited when absent. */
  readonly spaceBytes?: number
}

/**
 * A disk in memory that can lose power: what was not synced is dropped, torn or reordered, and files whose directory was not
 * synced may be missing. It can also refuse operations, fill up, and rot.
 */
export class FaultyFileSystem implements FileSystem {
  readonly #random: SeededRandom
  #files = new Map<string, FaultyFile>()
  #durable = new Map<string, FaultyFile>()
  #unsynced: DirectoryChange[] = []
  #life = 0
  #dead = false
  #operations = 0
  #stopAt = Number.POSITIVE_INFINITY
  #fault: ((operation: Operation, path: string) => Error | undefined) | undefined
  spaceBytes: number

  constructor(options: FaultyFileSystemOptions) {
    this.#random = new SeededRandom(options.seed)
    this.spaceBytes = options.spaceBytes ?? Number.MAX_SAFE_INTEGER
  }

  /** Operations so far that change the disk. */
  get operations(): number {
    return this.#operations
  }

  get paths(): string[] {
    return [...this.#files.keys()].sort()
  }

  /** The process dies at the n-th operation from now: it and all later ones fail. */
  stopAfter(count: number): void {
    this.#stopAt = this.#operations + count
  }

  /** Asked before every operation; an error that it returns is what the caller gets. */
  injectFault(fault: ((operation: Operation, path: string) => Error | undefined) | undefined): void {
    this.#fault = fault
  }

  /** The disk as one process sees it: after a crash whatever that process still tries fails. */
  attach(): FileSystem {
    const life = this.#life
    const alive = (path: string) => {
      if (life !== this.#life) throw new CrashedError(`${path} was used by a process that is gone`)
    }
    return {
      open: async (path, mode) => {
        alive(path)
        return this.open(path, mode)
      },
      exists: path => this.exists(path),
      list: path => this.list(path),
      createDirectory: async () => {},
      rename: async (from, to) => {
        alive(from)
        return this.rename(from, to)
      },
      remove: async path => {
        alive(path)
        return this.remove(path)
      },
      syncDirectory: async path => {
        alive(path)
        return this.syncDirectory(path)
      },
      freeBytes: () => this.freeBytes()
    }
  }

  /** Power cut and reboot: open files are dead, and the disk holds what it happens to hold. */
  crash(): void {
    this.#life++
    this.#dead = false
    this.#stopAt = Number.POSITIVE_INFINITY
    this.#fault = undefined
    const surviving = this.#random.below(this.#unsynced.length + 1)
    for (const change of this.#unsynced.slice(0, surviving)) applyTo(this.#durable, change)
    this.#unsynced = []
    this.#files = new Map(this.#durable)
    for (const file of new Set(this.#files.values())) file.crash(this.#random)
  }

  flipBit(path: string, offset: number, bit: number): void {
    this.#existing(path).damage(content => content.writeUInt8(content.readUInt8(offset) ^ (1 << bit), offset))
  }

  zero(path: string, offset: number, length: number): void {
    this.#existing(path).damage(content => void content.fill(0, offset, offset + length))
  }

  contentOf(path: string): Buffer {
    const file = this.#existing(path)
    const content = Buffer.alloc(file.size)
    file.read(content, 0)
    return content
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile> {
    this.#step('open', path)
    if (mode !== 'create') return this.#handle(path, this.#existing(path))
    if (this.#files.has(path)) throw new Error(`Can not open ${path}: it exists`)
    const file = new FaultyFile()
    this.#change({ kind: 'create', path, file })
    return this.#handle(path, file)
  }

  async exists(path: string): Promise<boolean> {
    return this.#files.has(path) || this.paths.some(each => each.startsWith(`${path}/`))
  }

  async list(directory: string): Promise<string[]> {
    const names = this.paths
      .filter(path => path.startsWith(`${directory}/`))
      .map(path => path.slice(directory.length + 1).split('/')[0]!)
    return [...new Set(names)].sort()
  }

  async createDirectory(): Promise<void> {}

  async rename(from: string, to: string): Promise<void> {
    this.#step('rename', from)
    this.#existing(from)
    this.#change({ kind: 'rename', from, to })
  }

  async remove(path: string): Promise<void> {
    this.#step('remove', path)
    for (const each of this.paths) {
      if (each === path || each.startsWith(`${path}/`)) this.#change({ kind: 'remove', path: each })
    }
  }

  async syncDirectory(path: string): Promise<void> {
    this.#step('syncDirectory', path)
    const isHere = (change: DirectoryChange) =>
      dirname(change.kind === 'rename' ? change.to : change.path) === path
    for (const change of this.#unsynced.filter(isHere)) applyTo(this.#durable, change)
    this.#unsynced = this.#unsynced.filter(change => !isHere(change))
  }

  async freeBytes(): Promise<number> {
    return Math.max(0, this.spaceBytes - this.#usedBytes())
  }

  #handle(path: string, file: FaultyFile): OpenFile {
    const life = this.#life
    const step = (operation: Operation) => {
      if (life !== this.#life) throw new CrashedError(`${path} was open before the crash`)
      this.#step(operation, path)
    }
    const write = (buffers: readonly Buffer[], position: number) => {
      step('write')
      const bytes = Buffer.concat(buffers)
      const growth = Math.max(0, position + bytes.length - file.size)
      if (this.#usedBytes() + growth > this.spaceBytes)
        throw new StorageFullError(`The disk of ${path} is full: free some space`)
      file.write(bytes, position)
    }
    return {
      path,
      size: async () => file.size,
      read: async (target, position) => {
        step('read')
        return file.read(target, position)
      },
      readNow: (target, position) => {
        step('read')
        return file.read(target, position)
      },
      write: async (buffers, position) => write(buffers, position),
      writeNow: write,
      sync: async () => {
        step('sync')
        file.sync()
      },
      syncNow: () => {
        step('sync')
        file.sync()
      },
      truncate: async length => {
        step('truncate')
        file.truncate(length)
      },
      close: async () => {}
    }
  }

  #step(operation: Operation, path: string): void {
    if (operation !== 'read' && operation !== 'open') this.#operations++
    if (this.#operations >= this.#stopAt) this.#dead = true
    if (this.#dead) throw new CrashedError(`${operation} of ${path} after the crash`)
    const fault = this.#fault?.(operation, path)
    if (fault !== undefined) throw fault
  }

  #change(change: DirectoryChange): void {
    applyTo(this.#files, change)
    this.#unsynced.push(change)
  }

  #existing(path: string): FaultyFile {
    const file = this.#files.get(path)
    if (file === undefined) throw new Error(`Can not open ${path}: it does not exist`)
    return file
  }

  #usedBytes(): number {
    let bytes = 0
    for (const file of new Set(this.#files.values())) bytes += file.size
    return bytes
  }
}

function applyTo(files: Map<string, FaultyFile>, change: DirectoryChange): void {
  if (change.kind === 'create') files.set(change.path, change.file)
  else if (change.kind === 'remove') files.delete(change.path)
  else {
    const file = files.get(change.from)
    if (file === undefined) return
    files.delete(change.from)
    files.set(change.to, file)
  }
}
