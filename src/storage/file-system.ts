import { token } from '../kernel/index.js'

/** The disk as a port: the product's adapter is `NodeFileSystem`, the tests' one loses, tears and reorders what was not synced. */
export interface FileSystem {
  /** `read`: must exist. `write`: must exist, opened for reading too. `create`: must not exist, opened for reading too. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<OpenFile>
  exists(path: string): Promise<boolean>
  /** Names in a directory, sorted; empty when it does not exist. */
  list(directory: string): Promise<string[]>
  /** Creates the directory and its parents, and makes that durable. */
  createDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Removes a file, or a directory with all it holds; no error when it does not exist. */
  remove(path: string): Promise<void>
  /** Makes creations, renames and removals in this directory durable. */
  syncDirectory(path: string): Promise<void>
  /** Bytes that an ordinary user may still write on the file system of `path`. */
  freeBytes(path: string): Promise<number>
}

export interface OpenFile {
  readonly path: string
  size(): Promise<number>
  /** Fills `target` from `position`; fewer bytes than asked only at the end of the file. Returns the number of bytes read. */
  read(target: Buffer, position: number): Promise<number>
  /** The same, blocking: for data that is known to be in the page cache or small. */
  readNow(target: Buffer, position: number): number
  /** Writes all buffers one after the other from `position`; the data is in the page cache when it returns, not on disk. */
  write(buffers: readonly Buffer[], position: number): Promise<void>
  /** The same, blocking: a copy into the page cache, cheaper than a thread-pool round trip for small data. */
  writeNow(buffers: readonly Buffer[], position: number): void
  /** fdatasync. After a failure the state of the file is unknown: whoever calls must end the process. */
  sync(): Promise<void>
  /** The same, blocking: cheaper where the disk is known to be quick. */
  syncNow(): void
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

export const FileSystem = token<FileSystem>('storage/FileSystem@1')
