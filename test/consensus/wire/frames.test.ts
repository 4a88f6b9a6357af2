import fc from 'fast-check'
import t from 'tap'
import { Message, MessageType } from '../../../src/consensus/core/message.js'
import type { GroupMessage } from '../../../src/consensus/ports.js'
import {
  decodeGone,
  decodeHello,
  decodeWelcome,
  encodeGone,
  encodeHello,
  encodeWelcome,
  FRAME_BYTES_MAX,
  FrameAssembler,
  openFrame,
  packFrames
} from '../../../src/consensus/wire/index.js'
import { anyHeartbeat, anyMessage, appendOf, MESSAGE_BYTES_MAX, repack, unpack } from './frames.js'

const MiB = 1024 * 1024

t.test('every message arrives as it was sent, in order within its kind', t => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 12 }), messages => {
      const arrived = repack(messages)
      t.equal(arrived.length, messages.length)
      const isBeat = ({ message: { type } }: GroupMessage) =>
        type === MessageType.heartbeat || type === MessageType.heartbeatResponse
      t.strictSame(
        arrived.filter(message => !isBeat(message)),
        messages.filter(message => !isBeat(message))
      )
      t.strictSame(byContent(arrived.filter(isBeat)), byContent(messages.filter(isBeat)))
    })
  )
  t.end()
})

t.test('heartbeats survive their columns', t => {
  fc.assert(
    fc.property(fc.array(anyHeartbeat, { maxLength: 40 }), heartbeats => {
      t.strictSame(byContent(repack(heartbeats)), byContent(heartbeats))
    })
  )
  t.end()
})

t.test('heartbeats of 500 groups are one frame of a few kilobytes', t => {
  const heartbeats = Array.from({ length: 500 }, (_, group) => {
    const message = new Message(MessageType.heartbeat, 2, 1)
    return { group, message: Object.assign(message, { term: 4, commit: 100_000 + group, readSequence: 1 }) }
  })
  const frames = [...packFrames(heartbeats)]
  t.equal(frames.length, 1)
  t.ok(frames[0]!.length < 2500, `${frames[0]!.length} bytes`)
  t.strictSame(unpack(frames), heartbeats)
  t.end()
})

t.test('a message of 64 MiB passes in frames of at most 1 MiB', t => {
  const data = Buffer.alloc(64 * MiB, 'x')
  data.writeUInt32BE(0xdeadbeef, 63 * MiB)
  const sent = [
    appendOf(1, 1, Buffer.from('before')),
    appendOf(1, 2, data),
    appendOf(1, 3, Buffer.from('behind'))
  ]
  let frames = 0
  const assembler = new FrameAssembler({ messageBytesMax: MESSAGE_BYTES_MAX })
  const arrived: GroupMessage[] = []
  for (const frame of packFrames(sent)) {
    frames++
    if (frame.length > FRAME_BYTES_MAX) t.fail(`a frame has ${frame.length} bytes`)
    arrived.push(...unpack([frame], assembler))
  }
  t.equal(frames, 67)
  t.equal(assembler.partialBytes, 0)
  t.equal(arrived.length, 3)
  arrived.forEach((message, i) => {
    t.ok(message.message.entries[0]!.data.equals(sent[i]!.message.entries[0]!.data))
  })
  t.end()
})

t.test('no frame is larger than 1 MiB, whatever the sizes of the messages', t => {
  const size = fc.oneof(fc.nat(2000), fc.integer({ min: MiB - 400, max: MiB + 400 }))
  fc.assert(
    fc.property(fc.array(size, { minLength: 1, maxLength: 5 }), sizes => {
      const sent = sizes.map((bytes, i) => appendOf(i, 1, Buffer.alloc(bytes, i)))
      const frames = [...packFrames(sent)]
      t.ok(frames.every(frame => frame.length <= FRAME_BYTES_MAX))
      t.strictSame(
        unpack(frames).map(({ group, message }) => [group, message.entries[0]!.data.length]),
        sizes.map((bytes, i) => [i, bytes])
      )
    }),
    { numRuns: 30 }
  )
  t.end()
})

t.test('payloads are views of a frame that they fill, and copies where they would pin a larger buffer', t => {
  const [frame] = [...packFrames([appendOf(1, 1, Buffer.alloc(100_000))])] as [Buffer]
  const own = Buffer.from(new Uint8Array(frame).buffer)
  t.equal(unpack([own])[0]!.message.entries[0]!.data.buffer, own.buffer)
  const slab = Buffer.alloc(1 << 20)
  frame.copy(slab)
  const arrived = unpack([slab.subarray(0, frame.length)])[0]!.message.entries[0]!.data
  t.not(arrived.buffer, slab.buffer)
  t.equal(arrived.length, 100_000)
  t.end()
})

t.test('greetings survive encoding', t => {
  const hello = { lane: 2, node: 'a', incarnation: 2 ** 48, target: 'b', targetIncarnation: 0 } as const
  t.strictSame(decodeHello(openFrame(encodeHello({ ...hello, header: Buffer.from('h') })).body), {
    ...hello,
    header: Buffer.from('h')
  })
  t.strictSame(decodeWelcome(openFrame(encodeWelcome({ node: 'b', incarnation: 7 })).body), {
    node: 'b',
    incarnation: 7
  })
  const gone = { node: 'b', incarnation: 7, members: [{ group: 0, id: 3 }] }
  t.strictSame(decodeGone(openFrame(encodeGone(gone)).body), gone)
  t.end()
})

t.test('what can not be sent is refused where it would be sent', t => {
  const local = { group: 1, message: new Message(MessageType.hup, 2, 1) }
  t.throws(() => [...packFrames([local])], { name: 'RangeError' })
  const unsafe = appendOf(1, 1, Buffer.alloc(1))
  unsafe.message.commit = 2 ** 53
  t.throws(() => [...packFrames([unsafe])], { name: 'RangeError' })
  const gap = appendOf(1, 1, Buffer.alloc(1), Buffer.alloc(1))
  gap.message.entries = [gap.message.entries[1]!, gap.message.entries[0]!]
  t.throws(() => [...packFrames([gap])], { name: 'RangeError' })
  t.throws(
    () =>
      encodeHello({
        lane: 3,
        node: 'a',
        incarnation: 1,
        target: 'b',
        targetIncarnation: 0,
        header: Buffer.alloc(70_000)
      }),
    { name: 'RangeError' }
  )
  t.end()
})

function byContent(messages: readonly GroupMessage[]): string[] {
  return messages.map(message => JSON.stringify(message)).sort()
}
