import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { U32_MAX } from './message-record.js'

/**
 * A frame: version, kind, body. Versions with the same upper half understand each other: what a later one adds stands behind
 * what an earlier one knows, and is passed over there. Part of the protocol: never renumber.
 */
export const FRAME_VERSION = 0x10

export const FrameKind = { hello: 1, welcome: 2, gone: 3, messages: 4, chunk: 5, piece: 6, end: 7 } as const

export const Lane = { control: 1, bulk: 2, snapshot: 3 } as const
export type Lane = (typeof Lane)[keyof typeof Lane]

/** First frame of whoever opens a stream. */
export interface Hello {
  readonly lane: Lane
  readonly node: string
  /** Tells one life of a node from the next; never 0. */
  readonly incarnation: number
  readonly target: string
  /** 0: whichever lives there. */
  readonly targetIncarnation: number
  /** On the snapshot lane: what the stream is about. */
  readonly header: Buffer
}

/** The answer to a hello that was meant for this node. */
export interface Welcome {
  readonly node: string
  readonly incarnation: number
}

/** Whoever was addressed is not here: another node or incarnation (no members), or these members of groups. */
export interface Gone {
  readonly node: string
  readonly incarnation: number
  readonly members: readonly GroupMember[]
}

export interface GroupMember {
  readonly group: number
  readonly id: number
}

const NAME_BYTES_MAX = 1024
export const HEADER_BYTES_MAX = 64 * 1024
const MEMBERS_MAX = 4096

export function beginFrame(kind: number, capacity: number): ByteWriter {
  const writer = new ByteWriter(capacity + 2)
  writer.u8(FRAME_VERSION)
  writer.u8(kind)
  return writer
}

export interface OpenedFrame {
  readonly kind: number
  readonly body: ByteReader
}

export function openFrame(frame: Buffer): OpenedFrame {
  const body = new ByteReader(frame)
  const version = body.u8()
  if (version >> 4 !== FRAME_VERSION >> 4) body.fail(`version ${version} is not spoken here`)
  return { kind: body.u8(), body }
}

export function encodeHello(hello: Hello): Buffer {
  if (hello.header.length > HEADER_BYTES_MAX)
    throw new RangeError(
      `the header of a stream has ${hello.header.length} bytes, more than ${HEADER_BYTES_MAX}`
    )
  const writer = beginFrame(FrameKind.hello, 256 + hello.header.length)
  writer.varint(hello.lane)
  writer.text(hello.node)
  writer.varint(hello.incarnation)
  writer.text(hello.target)
  writer.varint(hello.targetIncarnation)
  writer.varint(hello.header.length)
  writer.bytes(hello.header)
  return writer.finish()
}

export function decodeHello(body: ByteReader): Hello {
  const lane = body.integer(Lane.control, Lane.snapshot, 'lane') as Lane
  const node = body.text(NAME_BYTES_MAX, 'a name')
  const incarnation = body.integer(1, Number.MAX_SAFE_INTEGER, 'incarnation')
  const target = body.text(NAME_BYTES_MAX, 'a name')
  const targetIncarnation = body.varint()
  const header = body.bytes(body.integer(0, HEADER_BYTES_MAX, 'length of a header'))
  if (node === '' || target === '') body.fail('a node without a name')
  return { lane, node, incarnation, target, targetIncarnation, header }
}

export function encodeWelcome({ node, incarnation }: Welcome): Buffer {
  const writer = beginFrame(FrameKind.welcome, 128)
  writer.text(node)
  writer.varint(incarnation)
  return writer.finish()
}

export function decodeWelcome(body: ByteReader): Welcome {
  const node = body.text(NAME_BYTES_MAX, 'a name')
  return { node, incarnation: body.integer(1, Number.MAX_SAFE_INTEGER, 'incarnation') }
}

export function encodeGone({ node, incarnation, members }: Gone): Buffer {
  const writer = beginFrame(FrameKind.gone, 128)
  writer.text(node)
  writer.varint(incarnation)
  writer.varint(members.length)
  for (const { group, id } of members) {
    writer.varint(group)
    writer.varint(id)
  }
  return writer.finish()
}

export function decodeGone(body: ByteReader): Gone {
  const node = body.text(NAME_BYTES_MAX, 'a name')
  const incarnation = body.integer(1, Number.MAX_SAFE_INTEGER, 'incarnation')
  const count = body.integer(0, MEMBERS_MAX, 'number of members')
  const members: GroupMember[] = []
  for (let i = 0; i < count; i++) {
    members.push({ group: body.integer(0, U32_MAX, 'group'), id: body.integer(1, U32_MAX, 'member id') })
  }
  return { node, incarnation, members }
}

/** A piece of a stream on the snapshot lane; to the end of the frame. */
export function encodePiece(piece: Buffer): Buffer {
  const writer = beginFrame(FrameKind.piece, piece.length)
  writer.bytes(piece)
  return writer.finish()
}

/** The sender of a stream's pieces has none left; without it a stream that ends has broken. */
export function encodeEnd(): Buffer {
  return beginFrame(FrameKind.end, 0).finish()
}
