import t from 'tap'
import { FrameStream } from '../../../plugins/raft/transport/frame-stream.js'
import { PeerConnection } from '../../../plugins/raft/transport/peer-connection.js'
import { EXCHANGE_PATH, TRANSFER_PATH } from '../../../plugins/raft/transport/peer-method.js'
import {
  encodeHello,
  encodePiece,
  encodeWelcome,
  Lane,
  openFrame
} from '../../../src/consensus/wire/index.js'
import { ManualClock, systemClock } from '../../../src/kernel/index.js'
import { type Addresses, append, startNode, until, vote } from './transports.js'

const greeting = {
  lane: Lane.bulk,
  node: 'x',
  incarnation: 1,
  target: 'b',
  targetIncarnation: 0,
  header: Buffer.alloc(0)
}

/** A caller that speaks gRPC and says what it likes. */
function callerOf(t: Parameters<typeof startNode>[0], port: number, path = EXCHANGE_PATH) {
  const options = { clock: systemClock, connectTimeoutMs: 1000, keepAliveMs: 0, keepAliveTimeoutMs: 1000 }
  const connection = new PeerConnection({ host: '127.0.0.1', port }, options, () => {})
  t.teardown(() => connection.destroy())
  const heard: { kinds: number[]; status: string | undefined; ended: boolean } = {
    kinds: [],
    status: undefined,
    ended: false
  }
  const stream = new FrameStream(connection.call(path), {
    onFrame: frame => void heard.kinds.push(openFrame(frame).kind),
    onDrain: () => {},
    onEnd: status => Object.assign(heard, { status, ended: true })
  })
  return { heard, stream }
}

t.test(
  'a stream that does not begin with a greeting, or does not fit its lane, is refused with words',
  async t => {
    const b = await startNode(t, 'b', new Map())
    const cases: [Buffer, string, RegExp][] = [
      [Buffer.from('nonsense'), EXCHANGE_PATH, /malformed/],
      [Buffer.alloc(0), EXCHANGE_PATH, /ends too early/],
      [encodeWelcome({ node: 'x', incarnation: 1 }), EXCHANGE_PATH, /no greeting/],
      [encodeHello(greeting), TRANSFER_PATH, /lane 2/],
      [encodeHello({ ...greeting, lane: Lane.snapshot }), EXCHANGE_PATH, /lane 3/]
    ]
    for (const [frame, path, words] of cases) {
      const { heard, stream } = callerOf(t, b.transport.port, path)
      stream.write(frame)
      await until(`refused: ${words}`, () => heard.ended)
      t.match(heard.status, words)
    }
    t.equal(b.transport.inbound.refused, cases.length)
  }
)

t.test('a frame that can not be read ends its stream; what came before it has arrived', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const b = await startNode(t, 'b', addresses)
  a.transport.send('b', [vote(1, 1)])
  await until('a is connected', () => b.recorder.messages.length === 1)
  const { heard, stream } = callerOf(t, b.transport.port)
  stream.write(encodeHello(greeting))
  stream.write(Buffer.from([0x10, 4, 3, 0, 0, 0, 9, 9]))
  await until('refused', () => heard.ended)
  t.match(heard.status, /malformed at byte/)
  a.transport.send('b', [append(1, 1)])
  await until('others are served', () => b.recorder.messages.length === 2)
  t.equal(a.transport.peers[0]!.losses, 0)
})

t.test('frames of a later version are passed over', async t => {
  const b = await startNode(t, 'b', new Map())
  const { heard, stream } = callerOf(t, b.transport.port)
  stream.write(encodeHello(greeting))
  stream.write(Buffer.from([0x1f, 99, 1, 2, 3]))
  stream.write(encodePiece(Buffer.from('not for this lane')))
  await until('welcome', () => heard.kinds.length === 1)
  t.equal(heard.ended, false)
  t.equal(b.transport.inbound.refused, 0)
})

t.test('a second stream of the same node and lane takes the place of the first', async t => {
  const b = await startNode(t, 'b', new Map())
  const first = callerOf(t, b.transport.port)
  first.stream.write(encodeHello(greeting))
  await until('the first is welcome', () => first.heard.kinds.length === 1)
  const second = callerOf(t, b.transport.port)
  second.stream.write(encodeHello(greeting))
  await until('the first is ended', () => first.heard.ended)
  t.equal(second.heard.ended, false)
})

t.test('whoever says nothing is not waited for longer than five seconds', async t => {
  const clock = new ManualClock()
  const b = await startNode(t, 'b', new Map(), { clock })
  const { heard } = callerOf(t, b.transport.port)
  const other = callerOf(t, b.transport.port)
  other.stream.write(encodeHello(greeting))
  await until('the other is welcome', () => other.heard.kinds.length === 1)
  clock.advance(5000)
  await until('ended', () => heard.ended)
  t.match(heard.status, /did not begin with a greeting/)
  t.equal(other.heard.ended, false)
})
