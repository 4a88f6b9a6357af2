import t from 'tap'
import {
  decodeTransferHeader,
  encodeTransferHeader,
  StateTransfers,
  type TransferLimits,
  type TransferResult
} from '../../../src/consensus/transfer/index.js'
import { ManualClock, silentLogger } from '../../../src/kernel/index.js'
import { ServerError } from '../../../src/wire/index.js'
import { StreamPair, type StreamPairOptions } from './memory-stream.js'
import { POSITION, SmallSink, SmallSource } from './small-state.js'

const HEADER = { group: 9, from: 1, to: 2, term: 4 }

interface Attempt {
  readonly source: SmallSource
  readonly sink: SmallSink
  readonly pair: StreamPair
  readonly sent: Promise<TransferResult>
  readonly received: Promise<TransferResult>
}

/** Two nodes and a clock that stands still. */
class Nodes {
  readonly clock = new ManualClock()
  readonly sender: StateTransfers
  readonly receiver: StateTransfers

  constructor(limits: Partial<TransferLimits> = {}) {
    const options = { clock: this.clock, log: silentLogger, limits }
    this.sender = new StateTransfers(options)
    this.receiver = new StateTransfers(options)
  }

  attempt(
    source: SmallSource,
    sink: SmallSink,
    {
      accept,
      install,
      ...options
    }: StreamPairOptions & {
      accept?: () => Promise<SmallSink>
      install?: (commit: () => Promise<void>) => Promise<void>
    } = {}
  ): Attempt {
    const pair = new StreamPair(options)
    const sent = this.sender.send({
      header: HEADER,
      source,
      open: () => pair.a
    })
    const received = this.receiver.receive({
      header: HEADER,
      stream: pair.b,
      accept: accept ?? (async () => sink),
      install: install ?? (commit => commit())
    })
    return { source, sink, pair, sent, received }
  }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

t.test('a header comes back as it went; what is none is told', async t => {
  t.same(decodeTransferHeader(encodeTransferHeader(HEADER)), HEADER)
  t.equal(decodeTransferHeader(Buffer.from('something else, of 24 b.')), undefined)
  t.equal(decodeTransferHeader(Buffer.alloc(0)), undefined)
})

t.test('a state goes over whole and is installed at its position, under the id of the receiver', async t => {
  const nodes = new Nodes()
  const { source, sink, sent, received } = nodes.attempt(
    new SmallSource(300, 100, 2_000_000),
    new SmallSink()
  )
  t.match(await sent, { ok: true, pieces: 300, bytes: 30_000, position: POSITION })
  t.match(await received, { ok: true, pieces: 300, bytes: 30_000, position: { index: 120 } })
  t.equal(sink.pieces.length, 300)
  t.equal(sink.manifest?.length, 2_000_000, 'a manifest may be longer than a piece')
  t.match(sink.committed, { ...POSITION, membership: { ...POSITION.membership, self: 2 } })
  t.equal(source.released, 1)
  t.equal(sink.aborts, 0)
  t.match(nodes.sender.stats, { sending: 0, sentPieces: 300, sentBytes: 30_000, completed: 1 })
  t.match(nodes.receiver.stats, { receiving: 0, receivedPieces: 300, receivedBytes: 30_000, completed: 1 })
})

t.test('no more pieces are on their way than the window has', async t => {
  const nodes = new Nodes({ windowPieces: 5 })
  const sink = new SmallSink()
  let go: () => void = () => {}
  const held = new Promise<void>(resolve => {
    go = resolve
  })
  sink.onWrite = () => held
  const { source, sent } = nodes.attempt(new SmallSource(40), sink, { room: 1000 })
  for (let i = 0; i < 20; i++) await turn()
  t.equal(nodes.sender.stats.sentPieces, 5)
  t.equal(source.asked, 6, 'one more is ready')
  go()
  t.match(await sent, { ok: true, pieces: 40 })
})

t.test('a stream that breaks at any frame ends both sides, and the next one sends only the rest', async t => {
  const source = new SmallSource(12)
  const whole = new Nodes().attempt(source, new SmallSink())
  await whole.sent
  for (let breakAt = 0; breakAt < whole.pair.frames; breakAt++) {
    const nodes = new Nodes()
    const sink = new SmallSink()
    const first = nodes.attempt(new SmallSource(12), sink, { breakAt })
    const [sent, received] = await Promise.all([first.sent, first.received])
    // Only the last word may be lost after the commit.
    const isCommitted = sink.committed !== undefined
    t.match(sent, { ok: false, reason: 'broken' }, `frame ${breakAt}`)
    t.equal(received.ok, isCommitted)
    t.equal(first.source.released, 1)
    if (isCommitted) continue
    const kept = sink.pieces.length
    const second = nodes.attempt(new SmallSource(12), sink)
    t.match(await second.sent, { ok: true, pieces: 12 - kept })
    t.equal(sink.pieces.length, 12)
    t.equal(nodes.sender.stats.failures.broken, 1)
  }
})

t.test('a frame that was changed on its way is noticed, whichever it is', async t => {
  for (let number = 1; number <= 5; number++) {
    const change = (frame: Buffer, at: number) => {
      if (at !== number) return frame
      const changed = Buffer.from(frame)
      changed[changed.length - 1]! ^= 0x10
      return changed
    }
    const sink = new SmallSink()
    const { sent, received } = new Nodes().attempt(new SmallSource(3), sink, { change })
    const results = await Promise.all([sent, received])
    t.ok(
      results.some(result => !result.ok && result.reason === 'broken'),
      `frame ${number}`
    )
    t.equal(sink.committed, undefined)
  }
})

t.test('what the receiver refuses is told to the sender in its words', async t => {
  const nodes = new Nodes()
  const words = 'this node is no follower'
  const refuse = async () => {
    throw new ServerError('AXONIQ-10001', words)
  }
  const accepting = nodes.attempt(new SmallSource(3), new SmallSink(), { accept: refuse })
  t.match(await accepting.sent, { ok: false, reason: 'refused', message: words })
  t.match(await accepting.received, { ok: false, reason: 'failed', message: words })
  const installing = nodes.attempt(new SmallSource(3), new SmallSink(), { install: refuse })
  t.match(await installing.sent, { ok: false, reason: 'refused', message: words })
  t.equal(installing.sink.committed, undefined)
  t.equal(installing.sink.aborts, 1)
  const sink = new SmallSink()
  sink.onWrite = async () => {
    throw new Error('the disk is full')
  }
  const writing = nodes.attempt(new SmallSource(3000, 1000), sink)
  t.match(await writing.sent, { ok: false, reason: 'refused', message: 'the disk is full' })
  t.match(await writing.received, { ok: false, reason: 'failed' })
  t.equal(writing.sink.aborts, 1)
  t.match(nodes.sender.stats.failures, { refused: 3 })
})

t.test('a sender that can not read its state says so', async t => {
  const source = new SmallSource(3)
  source.pieces = async function* () {
    yield Buffer.alloc(10)
    throw new ServerError('AXONIQ-9000', 'a segment was deleted')
  }
  const { sent, received, sink } = new Nodes().attempt(source, new SmallSink())
  t.match(await sent, { ok: false, reason: 'failed', message: 'a segment was deleted' })
  t.match(await received, { ok: false, reason: 'refused', message: 'a segment was deleted' })
  t.equal(sink.aborts, 1)
  t.equal(source.released, 1)
})

t.test('no wait is endless', async t => {
  const limits = { stallMs: 1000, installMs: 5000 }
  const cases: [
    what: string,
    prepare: (attempt: { sink: SmallSink; source: SmallSource }) => object,
    ms: number
  ][] = [
    ['a receiver that does not answer', () => ({ accept: () => new Promise<SmallSink>(() => {}) }), 5001],
    [
      'a receiver that does not get on',
      ({ sink }) => {
        sink.onWrite = () => new Promise(() => {})
        return {}
      },
      1001
    ],
    ['an install that does not end', () => ({ install: () => new Promise<void>(() => {}) }), 5001],
    [
      'a sender that reads nothing',
      ({ source }) => {
        source.pieces = async function* () {
          await new Promise(() => {})
          yield Buffer.alloc(1)
        }
        return {}
      },
      1001
    ]
  ]
  for (const [what, prepare, ms] of cases) {
    const nodes = new Nodes(limits)
    const sink = new SmallSink()
    const source = new SmallSource(100)
    const { sent } = nodes.attempt(source, sink, prepare({ sink, source }))
    for (let i = 0; i < 20; i++) await turn()
    nodes.clock.advance(ms - 2)
    await turn()
    t.equal(nodes.sender.stats.sending, 1, `${what}: is waited for`)
    nodes.clock.advance(2)
    t.match(await sent, { ok: false, reason: 'timeout' }, what)
    t.equal(source.released, 1)
  }
})

t.test('a peer that takes nothing is given up', async t => {
  const nodes = new Nodes({ stallMs: 1000 })
  const sink = new SmallSink()
  const attempt = nodes.attempt(new SmallSource(100), sink, { room: 3 })
  while (sink.pieces.length < 20) await Promise.resolve()
  attempt.pair.b.paused = true
  for (let i = 0; i < 20; i++) await turn()
  nodes.clock.advance(1001)
  t.match(await attempt.sent, { ok: false, reason: 'timeout' })
  t.match(await attempt.received, { ok: false })
})

t.test('at most two states go out and one comes in at a time', async t => {
  const nodes = new Nodes()
  const wait = () => new Promise<SmallSink>(() => {})
  const first = nodes.attempt(new SmallSource(3), new SmallSink(), { accept: wait })
  const second = nodes.attempt(new SmallSource(3), new SmallSink())
  t.match(await second.received, { ok: false, reason: 'busy' }, 'one comes in')
  t.match(await second.sent, { ok: false, reason: 'refused', message: /at most at a time/ })
  const silent = () => new StreamPair()
  const request = (source: SmallSource) => ({ header: HEADER, source, open: () => silent().a })
  const third = nodes.sender.send(request(new SmallSource(3)))
  const fourth = new SmallSource(3)
  t.match(await nodes.sender.send(request(fourth)), { ok: false, reason: 'busy' })
  t.equal(fourth.released, 1)
  t.equal(nodes.sender.stats.failures.busy, 1)
  await nodes.sender.close()
  t.match(await first.sent, { ok: false, reason: 'broken', message: /being stopped/ })
  t.match(await third, { ok: false, reason: 'broken' })
})

t.test('the log above a state that is being sent is known to be needed', async t => {
  const nodes = new Nodes()
  t.equal(nodes.sender.pinnedIndex(9), undefined)
  const { sent, pair } = nodes.attempt(new SmallSource(3), new SmallSink(), {
    accept: () => new Promise(() => {})
  })
  t.equal(nodes.sender.pinnedIndex(9), 120)
  t.equal(nodes.sender.pinnedIndex(8), undefined)
  pair.break(new Error('gone'))
  await sent
  t.equal(nodes.sender.pinnedIndex(9), undefined)
})

t.test('the rate holds for all streams of a node together', async t => {
  const nodes = new Nodes({ bytesPerSecondMax: 1000, stallMs: 1e9, installMs: 1e9, inMax: 2 })
  const attempts = [1, 2].map(() => nodes.attempt(new SmallSource(20, 100), new SmallSink()))
  const sentAfter: number[] = []
  for (let second = 0; second < 5; second++) {
    for (let i = 0; i < 50; i++) await turn()
    sentAfter.push(nodes.sender.stats.sentBytes)
    for (let i = 0; i < 10; i++) {
      nodes.clock.advance(100)
      for (let k = 0; k < 5; k++) await turn()
    }
  }
  for (const attempt of attempts) t.match(await attempt.sent, { ok: true })
  t.ok(sentAfter[0]! <= 1200, `${sentAfter[0]} at once`)
  for (let i = 1; i < sentAfter.length; i++) {
    const rate = sentAfter[i]! - sentAfter[i - 1]!
    t.ok(rate <= 1200, `${rate} bytes in second ${i}`)
  }
  t.equal(nodes.sender.stats.sentBytes, 4000)
})

t.test('a node that stops ends its streams, but waits for an install', async t => {
  const nodes = new Nodes()
  let finish: () => void = () => {}
  const sink = new SmallSink()
  const installing = new Promise<void>(resolve => {
    finish = resolve
  })
  const { received } = nodes.attempt(new SmallSource(3), sink, {
    install: async commit => {
      await installing
      await commit()
    }
  })
  for (let i = 0; i < 20; i++) await turn()
  let isClosed = false
  const closing = nodes.receiver.close().then(() => {
    isClosed = true
  })
  for (let i = 0; i < 5; i++) await turn()
  t.equal(isClosed, false)
  finish()
  await closing
  t.match(await received, { ok: true })
  t.ok(sink.committed)
  const late = nodes.attempt(new SmallSource(3), new SmallSink())
  t.match(await late.received, { ok: false, reason: 'busy' })
  t.match(await late.sent, { ok: false, reason: 'refused' })
})
