import { createHash } from 'node:crypto'
import type { FileSystem, OpenFile } from '../file-system.js'
import { ChecksumChain } from './checksum-chain.js'
import { RECORD_CHECKSUMS_AT, RECORD_HEADER_BYTES } from './record-header.js'
import { type ScanResult, scanRecords } from './record-scan.js'
import type { Segment } from './segment.js'
import { damaged } from './segment-damage.js'
import { decodeFooterIndex, decodeTrailer } from './segment-footer.js'
import type { SegmentSummary } from './types.js'

/** Undefined when the footer of a full segment is damaged: nobody knows what it should hold. */
export function summaryOf(segment: Segment): SegmentSummary | undefined {
  const { firstToken, nextToken, dataLength, fileLength, recordsCrc } = segment
  if (recordsCrc === undefined) return undefined
  return { segment: firstToken, nextToken, dataLength, fileLength, recordsCrc }
}

export function sameSegment(a: SegmentSummary, b: SegmentSummary): boolean {
  return (
    a.segment === b.segment &&
    a.nextToken === b.nextToken &&
    a.dataLength === b.dataLength &&
    a.fileLength === b.fileLength &&
    a.recordsCrc === b.recordsCrc
  )
}

/** Reads a whole file and holds every event, every record and the footer against what the file should be. */
export async function verifySegment(fs: FileSystem, path: string, expected: SegmentSummary): Promise<void> {
  const file = await fs.open(path, 'read')
  try {
    const size = await file.size()
    if (size !== expected.fileLength)
      throw damaged({ path, position: size }, `the file should have ${expected.fileLength} bytes`)
    const found = await scanFile(file, expected.segment, expected.dataLength)
    const isWhole = found.nextToken === expected.nextToken && found.recordsCrc === expected.recordsCrc
    const hasFooter = size === expected.dataLength || (await footerFits(file, expected))
    if (!isWhole || !hasFooter)
      throw damaged({ path, position: expected.dataLength }, 'it is not the segment that was announced')
  } finally {
    await file.close()
  }
}

/** Over the checksums of all segments that begin before `upToToken`; of the one that reaches beyond, the records before it. */
export async function segmentsDigest(
  segments: readonly Segment[],
  upToToken: number,
  fileOf: (segment: Segment) => Promise<string>
): Promise<string> {
  const hash = createHash('sha256')
  for (const segment of segments) {
    if (segment.firstToken >= upToToken) break
    if (segment.nextToken <= upToToken && segment.recordsCrc !== undefined) {
      // Whether the footer is there already does not matter: it follows from the records.
      hash.update(`${segment.firstToken} ${segment.nextToken} ${segment.dataLength} ${segment.recordsCrc}\n`)
      continue
    }
    const path = await fileOf(segment)
    const { nextToken, length, recordsCrc } = await scanUpTo(segment, path, upToToken)
    hash.update(`${segment.firstToken} ${nextToken} ${length} ${recordsCrc}\n`)
  }
  return hash.digest('hex').slice(0, 32)
}

async function scanUpTo(
  segment: Segment,
  path: string,
  upToToken: number
): Promise<{ nextToken: number; length: number; recordsCrc: number }> {
  const part = { nextToken: segment.firstToken, length: 0 }
  const chain = new ChecksumChain()
  const { firstToken, dataLength: length } = segment
  const file = await segment.fs.open(path, 'read')
  try {
    const source = { path, firstToken, length, read: reader(file) }
    await scanRecords(source, (record, position, header, headerAt) => {
      if (record.firstToken >= upToToken) return
      chain.add(header, headerAt + RECORD_CHECKSUMS_AT)
      part.nextToken = record.firstToken + record.count
      part.length = position + RECORD_HEADER_BYTES + record.events.length
    })
  } finally {
    await file.close()
  }
  return { ...part, recordsCrc: chain.value }
}

async function footerFits(file: OpenFile, expected: SegmentSummary): Promise<boolean> {
  const { segment, nextToken, dataLength, fileLength, recordsCrc } = expected
  const bytes = Buffer.allocUnsafe(fileLength - dataLength)
  await reader(file)(bytes, dataLength)
  const trailer = decodeTrailer(bytes, fileLength)
  return (
    trailer !== undefined &&
    trailer.firstToken === segment &&
    trailer.nextToken === nextToken &&
    trailer.dataLength === dataLength &&
    trailer.recordsCrc === recordsCrc &&
    decodeFooterIndex(bytes, trailer) !== undefined
  )
}

function scanFile(file: OpenFile, firstToken: number, length: number): Promise<ScanResult> {
  return scanRecords({ path: file.path, firstToken, length, read: reader(file) }, () => {})
}

function reader(file: OpenFile): (target: Buffer, position: number) => Promise<void> {
  return async (target, position) => {
    const count = await file.read(target, position)
    if (count < target.length)
      throw damaged({ path: file.path, position: position + count }, 'the file ends here')
  }
}
