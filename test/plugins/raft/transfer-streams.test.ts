import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { PeerStream } from '../../../src/consensus/ports.js'
import { TcpProxy } from './tcp-proxy.js'
import { type Addresses, startNode, until, vote } from './transports.js'

const MiB = 1024 * 1024

async function pair(t: Parameters<typeof startNode>[0]) {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const b = await startNode(t, 'b', addresses)
  const proxy = await TcpProxy.start(t, b.transport.port)
  addresses.set('b', { host: '127.0.0.1', port: proxy.port })
  return { a, b, proxy }
}

async function collect(stream: PeerStream): Promise<Buffer[]> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return pieces
}

t.test('pieces of up to 1 MiB go both ways in order, and both sides end', async t => {
  const { a, b } = await pair(t)
  const out = a.transport.openStream('b', Buffer.from('header'))
  const sent = createHash('sha256')
  const sending = (async () => {
    for (let i = 0; i < 40; i++) {
      const piece = Buffer.alloc(i % 4 === 0 ? MiB : i * 1000, i)
      sent.update(piece)
      await out.write(piece)
    }
    out.end()
  })()
  await until('opened', () => b.recorder.streams.length === 1)
  const { node, header, stream } = b.recorder.streams[0]!
  t.equal(node, 'a')
  t.equal(header.toString(), 'header')
  await stream.write(Buffer.from('have'))
  const arrived = createHash('sha256')
  for (const piece of await collect(stream)) arrived.update(piece)
  stream.end()
  await sending
  t.equal(arrived.digest('hex'), sent.digest('hex'))
  t.strictSame((await collect(out)).map(String), ['have'])
})

t.test('a receiver that does not read holds the sender back', async t => {
  const { a, b } = await pair(t)
  const out = a.transport.openStream('b', Buffer.alloc(0))
  let written = 0
  const sending = (async () => {
    for (let i = 0; i < 64; i++) {
      await out.write(Buffer.alloc(MiB))
      written++
    }
    out.end()
  })()
  await until('opened', () => b.recorder.streams.length === 1)
  let before = -1
  while (before !== written) {
    before = written
    await sleep(200)
  }
  t.ok(written < 16, `${written} MiB written`)
  t.equal((await collect(b.recorder.streams[0]!.stream)).length, 64)
  await sending
})

t.test('a broken connection ends reading and writing with an error on both sides', async t => {
  const { a, b, proxy } = await pair(t)
  const out = a.transport.openStream('b', Buffer.alloc(0))
  await out.write(Buffer.from('one'))
  await until('opened', () => b.recorder.streams.length === 1)
  const reading = collect(b.recorder.streams[0]!.stream)
  const answers = collect(out)
  proxy.breakAll()
  await t.rejects(reading, /broke/)
  await t.rejects(answers, /lost|broke/)
  await t.rejects(out.write(Buffer.from('two')), /lost|broke/)
  const again = a.transport.openStream('b', Buffer.from('again'))
  again.end()
  await until('a new stream opens', () => b.recorder.streams.length === 2)
})

t.test('abort on either side is an error on the other', async t => {
  const { a, b } = await pair(t)
  const first = a.transport.openStream('b', Buffer.alloc(0))
  await until('opened', () => b.recorder.streams.length === 1)
  const reading = collect(b.recorder.streams[0]!.stream)
  first.abort(new Error('changed my mind'))
  await t.rejects(reading, /broke/)
  await t.rejects(first.write(Buffer.alloc(1)), /changed my mind/)
  const second = a.transport.openStream('b', Buffer.alloc(0))
  await until('opened', () => b.recorder.streams.length === 2)
  const answers = collect(second)
  b.recorder.streams[1]!.stream.abort(new Error('the disk is full'))
  await t.rejects(answers, /the disk is full/)
})

t.test('a stream to nobody, or to a node that has ended, is an error', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  await t.rejects(a.transport.openStream('nobody', Buffer.alloc(0)).write(Buffer.alloc(1)), /has no address/)
  const b = await startNode(t, 'b', addresses)
  await b.transport.close()
  const out = a.transport.openStream('b', Buffer.alloc(0))
  await t.rejects(out.write(Buffer.alloc(1)), /refused|lost|broke/)
  await t.rejects(out.write(Buffer.alloc(2 * MiB)), /too large/)
})

t.test('streams to one node have a bound, and messages do not wait for them', async t => {
  const { a, b } = await pair(t)
  const streams = Array.from({ length: 17 }, () => a.transport.openStream('b', Buffer.alloc(0)))
  await t.rejects(streams[16]!.write(Buffer.alloc(1)), /too many/)
  await until('opened', () => b.recorder.streams.length === 16)
  for (const stream of streams.slice(0, 16))
    for (let i = 0; i < 4; i++) stream.write(Buffer.alloc(MiB)).catch(() => {})
  a.transport.send('b', [vote(1, 1)])
  await until('the vote arrives', () => b.recorder.messages.length === 1)
})
