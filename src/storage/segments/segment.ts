import { join } from 'node:path'
import type { FileSystem, OpenFile } from '../file-system.js'
import type { BlockIndex } from './block-index.js'
import { ChecksumChain } from './checksum-chain.js'
import { RECORD_CHECKSUMS_AT, RECORD_HEADER_BYTES } from './record-header.js'
import type { TransactionRecord } from './types.js'

const NAME_DIGITS = 20

/** What is known of one segment and its file. */
export class Segment {
  readonly path: string
  /** Bytes of records. */
  dataLength = 0
  /** Bytes of the whole file once everything is written: records and, when sealed, the footer. */
  fileLength = 0
  nextToken: number
  records = 0
  sealed = false
  /** Where blocks begin; undefined when the synced footer tells. */
  index: BlockIndex | undefined
  /** Written or scanned by this process: the page cache has it, most likely. */
  recent = false
  /** Nothing may be read any more. */
  closed = false
  /** Open for writing, until it is sealed and synced. */
  writer: OpenFile | undefined
  /** Bytes that are in the file. */
  written = 0
  readonly chain = new ChecksumChain()
  /** From the footer of a segment that was full when the process started; undefined when that footer is damaged. */
  footerCrc: number | undefined

  constructor(
    readonly fs: FileSystem,
    directory: string,
    suffix: string,
    readonly firstToken: number,
    /** Names this segment in the read cache; unique in the process. */
    readonly cacheId: number
  ) {
    this.path = join(directory, segmentFileName(firstToken, suffix))
    this.nextToken = firstToken
  }

  /** Takes a record at the end: `header` is its encoded header. */
  add(record: TransactionRecord, header: Buffer, headerAt: number): void {
    this.index!.addRecord(this.dataLength, record)
    this.chain.add(header, headerAt + RECORD_CHECKSUMS_AT)
    this.dataLength += RECORD_HEADER_BYTES + record.events.length
    this.fileLength = this.dataLength
    this.nextToken = record.firstToken + record.count
    this.records++
  }

  /** Undefined when the footer is damaged. */
  get recordsCrc(): number | undefined {
    return this.records > 0 || !this.sealed ? this.chain.value : this.footerCrc
  }

  /** Every token below is in complete blocks that are wholly in the file. */
  get readableToken(): number {
    if (this.sealed && this.written >= this.dataLength) return this.nextToken
    const block = this.index!.blockOfPosition(this.written)
    return block < 0 ? this.firstToken : this.index!.firstToken(block)
  }
}

export function segmentFileName(firstToken: number, suffix: string): string {
  return String(firstToken).padStart(NAME_DIGITS, '0') + suffix
}

/** First token in a file's name; undefined for files that are none of ours. */
export function parseSegmentFileName(name: string, suffix: string): number | undefined {
  if (!name.endsWith(suffix) || name.length !== NAME_DIGITS + suffix.length) return undefined
  const token = Number(name.slice(0, NAME_DIGITS))
  return Number.isSafeInteger(token) && segmentFileName(token, suffix) === name ? token : undefined
}
