import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeRecord, hasRecordAfter, readRecords } from './record.js'
import { SortedEntries } from './sorted-entries.js'

const fileName = 'state.log'
const entriesPerRecord = 1000
/** The file is written anew when it is larger than this and more than twice what it holds. */
const compactBytesMin = 1024 * 1024
const fileBytesMax = 1024 * 1024 * 1024

/**
 * Implements the port KeyValueStore of Myelin. Everything is in memory; a batch is one record at the end of a file, and is there
 * after a power cut, or not at all. Batches are written and synced one after the other, so only the last record can be torn.
 */
export class FileStore {
  info = { engine: 'file-store 1.0.0', persistent: true }
  #directory
  #file
  #fileBytes = 0
  #entries = new SortedEntries()
  /** The end of the queue of writes. */
  #last = Promise.resolve()
  #failure

  constructor(directory) {
    this.#directory = directory
  }

  async open() {
    if (this.#file !== undefined) throw new Error(`${this.#path} is open already`)
    await mkdir(this.#directory, { recursive: true })
    await rm(this.#temporaryPath, { force: true })
    const file = await open(this.#path, 'a+')
    try {
      await this.#load(file)
    } catch (error) {
      await file.close()
      throw error
    }
    this.#file = file
  }

  async close() {
    await this.#last.catch(() => {})
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async get(key) {
    this.#checkOpen()
    return this.#entries.get(key)
  }

  async getMany(keys) {
    this.#checkOpen()
    return keys.map(key => this.#entries.get(key))
  }

  batch() {
    this.#checkOpen()
    const changes = []
    return {
      put: (key, value) => changes.push([Buffer.from(key), Buffer.from(value)]),
      delete: key => changes.push([Buffer.from(key), undefined]),
      get length() {
        return changes.length
      },
      write: () => this.#enqueue(() => this.#write(changes)),
      discard: () => changes.splice(0)
    }
  }

  iterate(range) {
    this.#checkOpen()
    const entries = this.#entries.range(range)
    return (async function* () {
      yield* entries
    })()
  }

  async approximateSize(range) {
    this.#checkOpen()
    return new SortedEntries(this.#entries.range(range)).bytes
  }

  async compact() {
    this.#checkOpen()
    await this.#enqueue(() => this.#rewrite())
  }

  async #load(file) {
    const { size } = await file.stat()
    if (size > fileBytesMax)
      throw new Error(`${this.#path} has ${size} bytes, more than this store takes (${fileBytesMax})`)
    const content = await readFile(this.#path)
    const changes = []
    const good = readRecords(content, more => {
      for (const change of more) changes.push(change)
    })
    if (hasRecordAfter(content, good)) {
      throw new Error(
        `${this.#path} is damaged at byte ${good}: good records follow. Restore the file from a copy.`
      )
    }
    if (good < content.length) await file.truncate(good)
    await file.sync()
    await this.#syncDirectory()
    this.#entries = new SortedEntries().apply(changes)
    this.#fileBytes = good
  }

  async #write(changes) {
    const record = encodeRecord(changes)
    if (this.#fileBytes + record.length > fileBytesMax) {
      throw new Error(`${this.#path} would grow beyond what this store takes (${fileBytesMax} bytes)`)
    }
    await this.#orFail(async () => {
      await this.#file.appendFile(record)
      await this.#file.datasync()
    })
    this.#fileBytes += record.length
    this.#entries = this.#entries.apply(changes)
    if (this.#fileBytes > Math.max(compactBytesMin, 2 * this.#entries.bytes)) await this.#rewrite()
  }

  /** The new file takes the place of the old one only when it is complete on disk. */
  async #rewrite() {
    await this.#orFail(async () => {
      const entries = this.#entries.all()
      const file = await open(this.#temporaryPath, 'a+')
      let written = 0
      for (let i = 0; i < entries.length; i += entriesPerRecord) {
        const record = encodeRecord(entries.slice(i, i + entriesPerRecord))
        await file.appendFile(record)
        written += record.length
      }
      await file.sync()
      await rename(this.#temporaryPath, this.#path)
      await this.#syncDirectory()
      await this.#file.close()
      this.#file = file
      this.#fileBytes = written
    })
  }

  /** One write at a time. */
  #enqueue(work) {
    this.#checkOpen()
    const done = this.#last.then(() => {
      if (this.#failure !== undefined)
        throw new Error(`${this.#path} cannot be written any more`, { cause: this.#failure })
      return work()
    })
    this.#last = done.catch(() => {})
    return done
  }

  /** After a failed write or sync nobody knows what is in the file, so nothing is written behind it. */
  async #orFail(work) {
    try {
      await work()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  async #syncDirectory() {
    const directory = await open(this.#directory, 'r')
    await directory.sync().finally(() => directory.close())
  }

  #checkOpen() {
    if (this.#file === undefined) throw new Error(`${this.#path} is not open`)
  }

  get #path() {
    return join(this.#directory, fileName)
  }

  get #temporaryPath() {
    return `${this.#path}.new`
  }
}
