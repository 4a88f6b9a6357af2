import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { BLOCK_BYTES, BlockIndex } from '../../../src/storage/segments/block-index.js'
import {
  EVENT_CRC_SEED,
  encodeEventFrames,
  frameCount,
  iterateEvents,
  readU32,
  verifyFrame
} from '../../../src/storage/segments/event-frames.js'
import {
  decodeRecordHeader,
  foreignFormat,
  RECORD_HEADER_BYTES,
  RecordHeaderEncoder
} from '../../../src/storage/segments/record-header.js'
import { parseSegmentFileName, segmentFileName } from '../../../src/storage/segments/segment.js'
import { crc32OfEight, crc32OfFour } from '../../../src/storage/segments/short-crc32.js'
import { Model } from './transactions.js'

const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map(array => Buffer.from(array))
/** One claim for a property. */
function holds(t: { pass(message: string): unknown }, ...check: Parameters<typeof fc.assert>): void {
  fc.assert(...check)
  t.pass('holds for all samples')
}

const u32 = fc.integer({ min: 0, max: 0xffffffff })

t.test('the checksum of a few bytes is the one that zlib computes', async t => {
  holds(
    t,
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), u32, (array, seed) => {
      return (
        crc32OfEight(seed, array, 1) >>> 0 === crc32(array.subarray(1, 9), seed) &&
        crc32OfFour(seed, array, 7) >>> 0 === crc32(array.subarray(7, 11), seed)
      )
    })
  )
})

t.test('events come out of frames as they went in', async t => {
  holds(
    t,
    fc.property(fc.array(bytes(300), { maxLength: 40 }), events => {
      const frames = encodeEventFrames(events)
      return (
        frameCount(frames) === events.length &&
        [...iterateEvents(frames)].every((e, i) => e.equals(events[i]!))
      )
    })
  )
})

t.test('frames that end within a frame have no count', async t => {
  const frames = encodeEventFrames([Buffer.from('one'), Buffer.from('two')])
  for (let length = 1; length < frames.length; length++) {
    t.equal(frameCount(frames.subarray(0, length)), length === 11 ? 1 : undefined)
  }
})

t.test('any flipped bit of a frame is noticed, and a zeroed page never verifies', async t => {
  for (const size of [0, 1, 450]) {
    const frames = encodeEventFrames([Buffer.alloc(size, 5)])
    t.ok(verifyFrame(frames, 0))
    for (let bit = 0; bit < frames.length * 8; bit++) {
      frames[bit >> 3]! ^= 1 << (bit & 7)
      if (verifyFrame(frames, 0)) t.fail(`bit ${bit} of an event of ${size} bytes`)
      frames[bit >> 3]! ^= 1 << (bit & 7)
    }
    t.notOk(verifyFrame(frames.subarray(0, frames.length - 1), 0), 'cut')
  }
  t.notOk(verifyFrame(Buffer.alloc(4096), 0))
  t.equal(
    readU32(encodeEventFrames([Buffer.alloc(0)]), 4),
    EVENT_CRC_SEED,
    'the checksum of an empty event is not zero'
  )
})

t.test('a record header comes back with all its numbers', async t => {
  const encoder = new RecordHeaderEncoder()
  const u53 = fc.maxSafeNat()
  holds(
    t,
    fc.property(
      u53,
      u53,
      u53,
      fc.maxSafeNat().map(n => n % 2 ** 48),
      u32,
      u32,
      bytes(50),
      (...values) => {
        const [logIndex, logTerm, firstToken, storedAtMs, count, framesCrc, events] = values
        const header = encoder.encode({ logIndex, logTerm, firstToken, storedAtMs, count, events }, framesCrc)
        const decoded = decodeRecordHeader(Buffer.concat([Buffer.alloc(3), header]), 3)
        return (
          decoded?.logIndex === logIndex &&
          decoded.logTerm === logTerm &&
          decoded.firstToken === firstToken &&
          decoded.storedAtMs === storedAtMs &&
          decoded.count === count &&
          decoded.framesCrc === framesCrc &&
          decoded.length === RECORD_HEADER_BYTES + events.length
        )
      }
    )
  )
})

t.test('any flipped bit of a record header is noticed', async t => {
  const header = Buffer.from(new RecordHeaderEncoder().encode(new Model().transaction([10, 20]), 77))
  for (let bit = 0; bit < header.length * 8; bit++) {
    header[bit >> 3]! ^= 1 << (bit & 7)
    if (decodeRecordHeader(header, 0) !== undefined) t.fail(`bit ${bit}`)
    header[bit >> 3]! ^= 1 << (bit & 7)
  }
  t.not(decodeRecordHeader(header, 0), undefined)
  header[1] = 9
  t.equal(foreignFormat(header, 0), 9)
})

t.test('blocks begin where the content says, and are found by token and by position', async t => {
  const size = fc.oneof({ weight: 5, arbitrary: fc.nat(3000) }, fc.integer({ min: 100_000, max: 400_000 }))
  const sizes = fc.array(fc.array(size, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 12 })
  holds(
    t,
    fc.property(sizes, transactions => {
      const model = new Model()
      const index = new BlockIndex(0)
      const starts: number[] = []
      let position = 0
      for (const each of transactions) {
        const record = model.transaction(each)
        index.addRecord(position, record)
        let at = position + RECORD_HEADER_BYTES
        for (const length of each) {
          starts.push(at)
          at += 8 + length
        }
        position = at
      }
      const decoded = BlockIndex.decode(0, index.encode())
      for (let block = 1; block < index.length; block++) {
        if (index.position(block) - index.position(block - 1) < BLOCK_BYTES) return false
      }
      return starts.every((at, token) => {
        const block = decoded.blockOfToken(token)
        return (
          block === index.blockOfPosition(at) &&
          block === index.blockOfToken(token) &&
          decoded.position(block) <= at
        )
      })
    }),
    { numRuns: 30 }
  )
})

t.test('only names of twenty digits and the suffix are segments', async t => {
  t.equal(segmentFileName(42, '.events'), '00000000000000000042.events')
  t.equal(parseSegmentFileName('00000000000000000042.events', '.events'), 42)
  for (const name of [
    '42.events',
    '00000000000000000042.snapshots',
    '0000000000000000004x.events',
    'notes.txt',
    ''
  ]) {
    t.equal(parseSegmentFileName(name, '.events'), undefined, name)
  }
})
