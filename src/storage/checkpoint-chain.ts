import { crc32 } from 'node:zlib'
import type { KeyValueBatch, KeyValueStore } from './key-value-store.js'
import { StorageDamagedError } from './log-storage.js'

export interface StoredCheckpoint {
  readonly number: number
  readonly payload: Buffer
}

/** Records that stay: more than an engine's log holds batches before it is folded into its tables. */
const RECORDS_MAX = 10_000
const HEAD_BYTES = 8

/**
 * Numbers the checkpoints and links each to the one before, so that a store which opens without an error but lost a batch is told
 * from one that is well. Keys: prefix and number. Value: `u32 link, u32 crc32(payload)`, and the payload in the newest record only;
 * the link is the checksum of the record before.
 */
export class CheckpointChain {
  #number = 0
  #link = 0
  #head: Buffer | undefined
  #pending: { readonly number: number; readonly link: number; readonly head: Buffer } | undefined

  constructor(private readonly prefix: Buffer) {}

  /** Undefined when there never was a checkpoint. Throws StorageDamagedError when one is missing between others. */
  async open(store: KeyValueStore): Promise<StoredCheckpoint | undefined> {
    let newest: { number: number; value: Buffer } | undefined
    for await (const [key, value] of store.iterate({ gte: this.#key(0), lt: this.#key(2 ** 52) })) {
      const number = this.#numberOf(key)
      if (newest !== undefined) this.#verifyLink(newest, number, value)
      newest = { number, value }
    }
    if (newest === undefined) return undefined
    const payload = newest.value.subarray(HEAD_BYTES)
    if (crc32(payload) !== newest.value.readUInt32BE(4))
      throw damaged(`checkpoint ${newest.number} does not fit its checksum`)
    this.#number = newest.number
    this.#link = linkOf(newest.number, newest.value)
    this.#head = newest.value.subarray(0, HEAD_BYTES)
    return { number: newest.number, payload }
  }

  /** Adds the next checkpoint to the batch that carries its changes. Call once a batch, and write that batch before the next. */
  append(batch: KeyValueBatch, payload: Buffer): void {
    const head = Buffer.allocUnsafe(HEAD_BYTES)
    head.writeUInt32BE(this.#link, 0)
    head.writeUInt32BE(crc32(payload), 4)
    const number = this.#number + 1
    batch.put(this.#key(number), Buffer.concat([head, payload]))
    if (number > RECORDS_MAX) batch.delete(this.#key(number - RECORDS_MAX))
    if (this.#head !== undefined) batch.put(this.#key(this.#number), this.#head)
    this.#pending = { number, link: linkOf(number, head), head }
  }

  /** The batch is durable. */
  written(): void {
    if (this.#pending === undefined) return
    this.#number = this.#pending.number
    this.#link = this.#pending.link
    this.#head = this.#pending.head
    this.#pending = undefined
  }

  #verifyLink(
    before: { readonly number: number; readonly value: Buffer },
    number: number,
    value: Buffer
  ): void {
    if (number !== before.number + 1)
      throw damaged(`checkpoints ${before.number + 1} to ${number - 1} are missing`)
    if (value.readUInt32BE(0) !== linkOf(before.number, before.value)) {
      throw damaged(`checkpoint ${number} does not follow checkpoint ${before.number}`)
    }
  }

  #key(number: number): Buffer {
    const key = Buffer.allocUnsafe(this.prefix.length + 8)
    this.prefix.copy(key)
    key.writeUInt32BE(Math.floor(number / 0x1_0000_0000), this.prefix.length)
    key.writeUInt32BE(number % 0x1_0000_0000, this.prefix.length + 4)
    return key
  }

  #numberOf(key: Buffer): number {
    return key.readUInt32BE(this.prefix.length) * 0x1_0000_0000 + key.readUInt32BE(this.prefix.length + 4)
  }
}

function linkOf(number: number, value: Buffer): number {
  return crc32(`${number}`, crc32(value.subarray(0, HEAD_BYTES)))
}

function damaged(what: string): StorageDamagedError {
  return new StorageDamagedError(
    `The state store is damaged: ${what}. Restore the directory of axoniq.axonserver.controldb-path from a backup taken together with the event segments and the journal`
  )
}
