import assert from 'node:assert'
import { crc32 } from 'node:zlib'
import type { KeyValueBatch, KeyValueStore } from './key-value-store.js'
import { StorageDamagedError } from './log-storage.js'

export interface StoredCheckpoint {
  readonly number: number
  readonly payload: Buffer
}

export interface CheckpointChainOptions {
  /** Records that stay, more than an engine's log holds batches before it is folded into its tables. Default 10,000. */
  readonly recordsMax?: number
}

/** A record without its number: `u32 link, u32 payload checksum, u32 kept`. */
interface CheckpointRecord {
  readonly number: number
  /** Checksum of the record before; 0 in the first. */
  readonly link: number
  readonly payloadChecksum: number
  /** How many records stand in the store with this one, so that a lost beginning is seen too. */
  readonly kept: number
}

const RECORDS_MAX = 10_000
const RECORD_BYTES = 12
const RECORD_KEY = 0
const PAYLOAD_KEY = 1

/**
 * Numbers the checkpoints and links each to the one before, so that a store which opens without an error but lost a batch is
 * told from one that is well. A record never changes once written: a later batch that touched it could hide that its own was lost.
 * The payload of the newest stands under one key, so that it must fit the newest record.
 *
 * What no chain can see is the loss of the *last* batches: the log that was cut behind them is what tells.
 *
 * Keys: the prefix, then 0 and the number as u64, or 1 for the payload.
 */
export class CheckpointChain {
  readonly #recordsMax: number
  #newest: CheckpointRecord | undefined
  #appended: CheckpointRecord | undefined
  #isOpen = false

  constructor(
    private readonly prefix: Buffer,
    options: CheckpointChainOptions = {}
  ) {
    this.#recordsMax = options.recordsMax ?? RECORDS_MAX
    assert(this.#recordsMax >= 1)
  }

  /** Undefined when there never was a checkpoint. Throws StorageDamagedError when the records do not follow each other. */
  async open(store: KeyValueStore): Promise<StoredCheckpoint | undefined> {
    this.#newest = await this.#readRecords(store)
    this.#appended = undefined
    const payload = await this.#readPayload(store, this.#newest)
    this.#isOpen = true
    return this.#newest === undefined ? undefined : { number: this.#newest.number, payload }
  }

  /**
   * Adds the next checkpoint to the batch that carries its changes. Write that batch before the next one, and say so with
   * `written`; a batch that failed is made again with the same number.
   */
  append(batch: KeyValueBatch, payload: Buffer): void {
    assert(this.#isOpen, 'a chain is opened before it grows')
    const newest = this.#newest
    const number = (newest?.number ?? 0) + 1
    const standing = newest?.kept ?? 0
    const kept = Math.min(standing + 1, this.#recordsMax)
    const record = { number, link: linkTo(newest), payloadChecksum: crc32(payload), kept }
    for (let old = number - standing; old <= number - kept; old++) batch.delete(this.#key(old))
    batch.put(this.#key(number), encode(record))
    batch.put(this.#payloadKey(), payload)
    this.#appended = record
  }

  /** The batch is durable. */
  written(): void {
    if (this.#appended === undefined) return
    this.#newest = this.#appended
    this.#appended = undefined
  }

  async #readRecords(store: KeyValueStore): Promise<CheckpointRecord | undefined> {
    let before: CheckpointRecord | undefined
    let count = 0
    const range = { gte: this.#key(0), lt: this.#key(Number.MAX_SAFE_INTEGER) }
    for await (const [key, value] of store.iterate(range)) {
      const record = decode(this.#numberOf(key), value)
      if (before !== undefined) verifyFollows(before, record)
      before = record
      count++
    }
    if (before !== undefined) verifyCount(before, count)
    return before
  }

  async #readPayload(store: KeyValueStore, newest: CheckpointRecord | undefined): Promise<Buffer> {
    const payload = await store.get(this.#payloadKey())
    if (newest === undefined) {
      if (payload === undefined) return Buffer.alloc(0)
      throw damaged('it has the content of a checkpoint, but no record of any')
    }
    if (payload !== undefined && crc32(payload) === newest.payloadChecksum) return payload
    throw damaged(`its content is not that of its newest checkpoint, ${newest.number}`)
  }

  #key(number: number): Buffer {
    const key = Buffer.allocUnsafe(this.prefix.length + 9)
    this.prefix.copy(key)
    key.writeUInt8(RECORD_KEY, this.prefix.length)
    key.writeBigUInt64BE(BigInt(number), this.prefix.length + 1)
    return key
  }

  #numberOf(key: Buffer): number {
    return Number(key.readBigUInt64BE(this.prefix.length + 1))
  }

  #payloadKey(): Buffer {
    return Buffer.concat([this.prefix, Buffer.from([PAYLOAD_KEY])])
  }
}

function verifyFollows(before: CheckpointRecord, record: CheckpointRecord): void {
  const missing = record.number - before.number - 1
  if (missing === 1) throw damaged(`checkpoint ${before.number + 1} is missing`)
  if (missing > 1) throw damaged(`checkpoints ${before.number + 1} to ${record.number - 1} are missing`)
  if (record.link === linkTo(before)) return
  throw damaged(`checkpoint ${record.number} does not follow checkpoint ${before.number}`)
}

function verifyCount(newest: CheckpointRecord, count: number): void {
  if (count === newest.kept) return
  throw damaged(`${newest.kept} checkpoints should stand up to number ${newest.number}, ${count} do`)
}

function linkTo(record: CheckpointRecord | undefined): number {
  return record === undefined ? 0 : crc32(encode(record), record.number % 0x1_0000_0000)
}

function encode(record: CheckpointRecord): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_BYTES)
  bytes.writeUInt32BE(record.link, 0)
  bytes.writeUInt32BE(record.payloadChecksum, 4)
  bytes.writeUInt32BE(record.kept, 8)
  return bytes
}

function decode(number: number, bytes: Buffer): CheckpointRecord {
  if (bytes.length !== RECORD_BYTES) throw damaged(`the record of checkpoint ${number} can not be read`)
  return {
    number,
    link: bytes.readUInt32BE(0),
    payloadChecksum: bytes.readUInt32BE(4),
    kept: bytes.readUInt32BE(8)
  }
}

function damaged(what: string): StorageDamagedError {
  return new StorageDamagedError(
    `The state store below axoniq.axonserver.controldb-path is damaged: ${what}. Restore its directory from a backup taken together with the event segments and the journal; a node of a cluster can also start with empty directories and join again`
  )
}
