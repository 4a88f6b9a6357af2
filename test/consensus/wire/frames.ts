import fc from 'fast-check'
import { Message, MessageType } from '../../../src/consensus/core/message.js'
import type { GroupMessage } from '../../../src/consensus/ports.js'
import { FrameAssembler, FrameKind, openFrame, packFrames } from '../../../src/consensus/wire/index.js'

export const MESSAGE_BYTES_MAX = 128 * 1024 * 1024

const LOCAL = new Set<number>([0, 1, 10, 11, 12, 19, 20, 21, 22, 23])
const networkTypes = Object.values(MessageType).filter(type => !LOCAL.has(type))

const id = fc.integer({ min: 1, max: 0xffffffff })
const number = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 1000 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
)
const ids = fc.array(id, { maxLength: 4 })
const conf = fc.record(
  { voters: ids, outgoing: ids, learners: ids, learnersNext: ids, autoLeave: fc.boolean() },
  { noNullPrototype: true }
)
const snapshot = fc.record({ index: number, term: number, conf }, { noNullPrototype: true })

const entries = fc
  .record({
    index: fc.integer({ min: 0, max: 2 ** 50 }),
    term: fc.integer({ min: 0, max: 2 ** 50 }),
    list: fc.array(
      fc.record({
        rise: fc.integer({ min: 0, max: 3 }),
        kind: fc.integer({ min: 0, max: 2 }),
        data: fc.uint8Array({ maxLength: 300 })
      }),
      { maxLength: 5 }
    )
  })
  .map(({ index, term, list }) => {
    let current = term
    return list.map(({ rise, kind, data }, i) => {
      current += rise
      return { index: index + i, term: current, kind, data: Buffer.from(data) }
    })
  })

const fields = fc.record({
  type: fc.constantFrom(...networkTypes),
  to: id,
  from: id,
  numbers: fc.array(number, { minLength: 10, maxLength: 10 }),
  vote: fc.integer({ min: 0, max: 0xffffffff }),
  reject: fc.boolean(),
  force: fc.boolean(),
  entries,
  snapshot: fc.option(snapshot, { nil: undefined })
})

/** Any message that a node can send to another. */
export const anyMessage: fc.Arbitrary<GroupMessage> = fc
  .record({ group: fc.integer({ min: 0, max: 0xffffffff }), fields })
  .map(({ group, fields: given }) => {
    const message = new Message(given.type, given.to, given.from)
    const [term, logTerm, index, commit, hint, readSequence, context, voteCommit, voteCommitTerm] =
      given.numbers as [number, number, number, number, number, number, number, number, number]
    Object.assign(message, { term, logTerm, index, commit, hint, readSequence, context, voteCommit })
    Object.assign(message, { voteCommitTerm, vote: given.vote, reject: given.reject, force: given.force })
    if (given.entries.length > 0) message.entries = given.entries
    message.snapshot = given.snapshot
    return { group, message }
  })

export const anyHeartbeat: fc.Arbitrary<GroupMessage> = fc
  .record({
    group: fc.integer({ min: 0, max: 0xffffffff }),
    type: fc.constantFrom(MessageType.heartbeat, MessageType.heartbeatResponse),
    to: id,
    from: id,
    numbers: fc.array(number, { minLength: 5, maxLength: 5 })
  })
  .map(({ group, type, to, from, numbers }) => {
    const [term, index, commit, readSequence, context] = numbers
    return {
      group,
      message: Object.assign(new Message(type, to, from), { term, index, commit, readSequence, context })
    }
  })

/** Decodes as a stream would. */
export function unpack(
  frames: Iterable<Buffer>,
  assembler = new FrameAssembler({ messageBytesMax: MESSAGE_BYTES_MAX })
) {
  const messages: GroupMessage[] = []
  for (const frame of frames) {
    const { kind, body } = openFrame(frame)
    if (kind === FrameKind.messages) messages.push(...assembler.messages(body, frame))
    if (kind !== FrameKind.chunk) continue
    const message = assembler.chunk(body)
    if (message !== undefined) messages.push(message)
  }
  return messages
}

export function repack(messages: readonly GroupMessage[]): GroupMessage[] {
  return unpack(packFrames(messages))
}

export function appendOf(group: number, index: number, ...data: readonly Buffer[]): GroupMessage {
  const message = new Message(MessageType.append, 2, 1)
  message.term = 3
  message.index = index - 1
  message.entries = data.map((bytes, i) => ({ index: index + i, term: 3, kind: 0, data: bytes }))
  return { group, message }
}
