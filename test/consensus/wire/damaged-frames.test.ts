import fc from 'fast-check'
import t from 'tap'
import { Message, MessageType } from '../../../src/consensus/core/message.js'
import type { GroupMessage } from '../../../src/consensus/ports.js'
import { ByteWriter } from '../../../src/consensus/wire/byte-writer.js'
import { beginFrame } from '../../../src/consensus/wire/frame.js'
import {
  decodeGone,
  decodeHello,
  decodeWelcome,
  encodeGone,
  encodeHello,
  encodeWelcome,
  FrameAssembler,
  FrameKind,
  MalformedFrameError,
  openFrame,
  packFrames
} from '../../../src/consensus/wire/index.js'
import { Section } from '../../../src/consensus/wire/pack-frames.js'
import { anyHeartbeat, anyMessage, appendOf, repack, unpack } from './frames.js'

const runs = { numRuns: process.env.CI_FULL === '1' ? 50_000 : 3000 }

t.test('random bytes are refused with words or are messages; nothing else is thrown', t => {
  const head = fc.constantFrom([0x10, 4], [0x10, 5], [0x10, 1], [0x10, 2], [0x10, 3], [])
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 200 }), (start, bytes) => {
      decodeAny(Buffer.from([...start, ...bytes]))
    }),
    runs
  )
  t.end()
})

t.test(
  'a frame with changed bytes is refused with words, or its messages hold only numbers in their bounds',
  t => {
    const change = fc.tuple(fc.nat(), fc.nat(255))
    const messages = fc.array(fc.oneof(anyMessage, anyHeartbeat), { minLength: 1, maxLength: 4 })
    let refused = 0
    fc.assert(
      fc.property(messages, fc.array(change, { minLength: 1, maxLength: 3 }), (sent, changes) => {
        for (const frame of packFrames(sent)) {
          const changed = Buffer.from(frame)
          for (const [at, byte] of changes) changed[at % changed.length] = byte
          if (!decodeAny(changed)) refused++
        }
      }),
      runs
    )
    t.ok(refused > 100, `${refused} refused`)
    t.end()
  }
)

t.test('a frame that was cut off is refused at every length', t => {
  fc.assert(
    fc.property(anyMessage, fc.nat(), (message, at) => {
      const [frame] = [...packFrames([message])] as [Buffer]
      // Behind the two bytes of its head a frame may be empty.
      const length = at % frame.length
      if (length !== 2) t.throws(() => unpackStrict(frame.subarray(0, length)), MalformedFrameError)
    }),
    { numRuns: 500 }
  )
  t.end()
})

t.test('what a later version adds is passed over', t => {
  const sent = appendOf(5, 9, Buffer.from('payload'))
  const [frame] = [...packFrames([sent])] as [Buffer]
  const later = Buffer.from(frame)
  later[0] = 0x1f
  t.strictSame(unpack([later]), [sent], 'a higher lower half of the version')
  const section = Buffer.from([9, 0, 0, 0, 3, 1, 2, 3])
  t.strictSame(unpack([Buffer.concat([frame, section])]), [sent], 'an unknown section')
  t.strictSame(unpack([withLongerRecord(frame)]), [sent], 'fields behind the known ones')
  const welcome = Buffer.concat([encodeWelcome({ node: 'b', incarnation: 7 }), Buffer.from([1, 2])])
  t.strictSame(decodeWelcome(openFrame(welcome).body), { node: 'b', incarnation: 7 }, 'longer greetings')
  t.end()
})

t.test('a message of an unknown type is passed over and counted', t => {
  const writer = beginFrame(FrameKind.messages, 64)
  writer.u8(Section.records)
  writer.u32(4 + 3)
  writer.u32(3)
  for (const byte of [99, 1, 2]) writer.u8(byte)
  const assembler = new FrameAssembler({ messageBytesMax: 1000 })
  t.strictSame(unpack([writer.finish()], assembler), [])
  t.equal(assembler.unknownMessages, 1)
  t.end()
})

t.test('a message that a node only sends to itself is refused from another', t => {
  const [frame] = [...packFrames([{ group: 1, message: new Message(MessageType.timeoutNow, 2, 1) }])] as [
    Buffer
  ]
  const type = frame.indexOf(MessageType.timeoutNow, 11)
  for (const local of [0, 1, 10, 11, 12, 19, 20, 21, 22, 23]) {
    const changed = Buffer.from(frame)
    changed[type] = local
    t.throws(() => unpack([changed]), MalformedFrameError, `type ${local}`)
  }
  t.end()
})

t.test('another version is refused', t => {
  t.throws(() => openFrame(Buffer.from([0x20, 4])), /version 32/)
  t.throws(() => openFrame(Buffer.alloc(0)), MalformedFrameError)
  t.end()
})

t.test('numbers beyond the safe integers are refused', t => {
  const tooLarge = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
  const welcome = Buffer.concat([Buffer.from([0x10, 2, 1, 0x62]), tooLarge])
  t.throws(() => decodeWelcome(openFrame(welcome).body), /safe integers/)
  const tooLong = Buffer.concat([Buffer.from([0x10, 2, 1, 0x62]), Buffer.alloc(12, 0x80)])
  t.throws(() => decodeWelcome(openFrame(tooLong).body), /too long/)
  const largest = new ByteWriter(8)
  largest.varint(Number.MAX_SAFE_INTEGER)
  const { body } = openFrame(Buffer.concat([Buffer.from([0x10, 2]), largest.finish()]))
  t.equal(body.varint(), Number.MAX_SAFE_INTEGER)
  t.end()
})

t.test('few bytes can not make a receiver allocate much', t => {
  const rows = beginFrame(FrameKind.messages, 64)
  rows.u8(Section.heartbeats)
  rows.u32(4)
  rows.varint(200_000_000)
  t.throws(() => unpack([rows.finish()]), /number of groups/)
  const chunk = beginFrame(FrameKind.chunk, 64)
  chunk.varint(2 ** 40)
  chunk.varint(0)
  chunk.varint(1)
  chunk.u8(1)
  t.throws(() => unpack([chunk.finish()]), /length of a message in chunks/)
  t.end()
})

t.test('chunks that do not follow on each other are refused', t => {
  const frames = [...packFrames([appendOf(1, 1, Buffer.alloc(3 * 1024 * 1024))])]
  t.equal(frames.length, 4)
  const [first, second, third] = frames as [Buffer, Buffer, Buffer, Buffer]
  t.throws(() => unpack([second]), /does not follow/, 'the middle first')
  t.throws(() => unpack([first, third]), /does not follow/, 'one is missing')
  t.throws(() => unpack([first, first]), /does not follow/, 'one comes twice')
  const empty = beginFrame(FrameKind.chunk, 64)
  for (const number of [10, 0, 0]) empty.varint(number)
  t.throws(() => unpack([empty.finish()]), /a chunk of 0 bytes/)
  t.end()
})

/** True when it was a frame. */
function decodeAny(bytes: Buffer): boolean {
  try {
    const { kind, body } = openFrame(bytes)
    if (kind === FrameKind.hello) decodeHello(body)
    else if (kind === FrameKind.welcome) decodeWelcome(body)
    else if (kind === FrameKind.gone) decodeGone(body)
    else for (const message of unpack([bytes])) check(message)
    return true
  } catch (error) {
    if (!(error instanceof MalformedFrameError)) throw error
    return false
  }
}

function check({ group, message }: GroupMessage): void {
  const ids = [message.to, message.from]
  const numbers = [message.term, message.logTerm, message.index, message.commit, message.hint]
  numbers.push(message.readSequence, message.context, message.voteCommit, message.voteCommitTerm)
  for (const { index, term } of message.entries) numbers.push(index, term)
  const isBounded =
    numbers.every(number => Number.isSafeInteger(number) && number >= 0) &&
    ids.every(id => id >= 1 && id <= 0xffffffff) &&
    [group, message.vote].every(number => number >= 0 && number <= 0xffffffff)
  if (!isBounded) throw new Error(`out of bounds: ${JSON.stringify({ group, message })}`)
  // What was read can be sent again, so nothing in it is out of its range.
  if (repack([{ group, message }]).length !== 1) throw new Error('not sendable again')
}

function unpackStrict(frame: Buffer): GroupMessage[] {
  openFrame(frame)
  return unpack([frame])
}

/** Adds two bytes to the only record of a frame. */
function withLongerRecord(frame: Buffer): Buffer {
  const longer = Buffer.concat([frame, Buffer.from([7, 7])])
  longer.writeUInt32BE(longer.readUInt32BE(3) + 2, 3)
  longer.writeUInt32BE(longer.readUInt32BE(7) + 2, 7)
  return longer
}

t.test('refusals survive encoding up to their bound', t => {
  const members = Array.from({ length: 4096 }, (_, i) => ({ group: i, id: i + 1 }))
  const frame = encodeGone({ node: 'b', incarnation: 1, members })
  t.strictSame(decodeGone(openFrame(frame).body).members, members)
  const over = encodeGone({ node: 'b', incarnation: 1, members: [...members, { group: 1, id: 1 }] })
  t.throws(() => decodeGone(openFrame(over).body), /number of members/)
  const hello = { lane: 1, node: '', incarnation: 1, target: 'b', targetIncarnation: 0 } as const
  t.throws(
    () => decodeHello(openFrame(encodeHello({ ...hello, header: Buffer.alloc(0) })).body),
    /without a name/
  )
  t.end()
})
