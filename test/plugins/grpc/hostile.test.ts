import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { unaryMethod } from '../../../src/wire/grpc/index.js'
import {
  activeCalls,
  answer,
  connect,
  connectWithSocket,
  eventually,
  exchange,
  frame,
  recorder,
  request,
  serve
} from './fixture.js'

const echo = unaryMethod('/test.Service/Echo', message => message)
const megabyte = 1024 * 1024
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

t.test('a message of 5 MiB is refused, and the connection goes on', async t => {
  const take = recorder('/test.Service/Take', 'clientStream')
  const server = await serve(t, [echo, take.method])
  const session = connect(t, server.port)
  const big = Buffer.alloc(5 * megabyte)
  const refused = await exchange(session, '/test.Service/Echo', [big])
  t.match(refused, { status: '8' })
  t.match(refused.text, /5242880 bytes, more than the 4194304 .* axoniq\.axonserver\.max-message-size/)
  t.match(await exchange(session, '/test.Service/Take', [Buffer.of(1), big]), { status: '8' })
  t.strictSame(take.calls[0]?.told, ['cancel'])
  const fits = await exchange(session, '/test.Service/Echo', [Buffer.alloc(4 * megabyte)])
  t.equal(fits.messages[0]?.length, 4 * megabyte)
  t.equal(activeCalls(server), 0)
})

t.test('a caller whose connection breaks never looks as if it had finished', async t => {
  const append = recorder('/test.Service/Append', 'clientStream', ({ call }) => ({
    onHalfClose: () => call.end()
  }))
  const server = await serve(t, [append.method])
  const rounds = 60
  for (let round = 0; round < rounds; round++) {
    const { session, socket } = connectWithSocket(t, server.port)
    const stream = request(session, '/test.Service/Append')
    stream.write(frame(Buffer.alloc(1 + round * 700)))
    await eventually(() => append.calls[round]?.messages.length === 1, 'the message arrived')
    if (round % 3 === 0) socket.destroy()
    else if (round % 3 === 1) socket.resetAndDestroy()
    else session.destroy()
    await eventually(() => append.calls[round]?.told.length === 1, 'the listener was told')
  }
  t.strictSame(
    append.calls.map(({ told }) => told.join()),
    new Array(rounds).fill('cancel')
  )
  t.ok(append.calls.every(({ call }) => call.cancelled))
  t.equal(activeCalls(server), 0)
  await eventually(() => server.connections.open === 0, 'all connections are gone')
})

t.test('a reset stream is cancelled once, and a half-close before the break counts', async t => {
  const append = recorder('/test.Service/Append', 'clientStream')
  const server = await serve(t, [append.method])
  const { session, socket } = connectWithSocket(t, server.port)
  const stream = request(session, '/test.Service/Append')
  stream.write(frame(Buffer.of(1)))
  await eventually(() => append.calls[0]?.messages.length === 1, 'the message arrived')
  // Not close(8): Node's client sends a half-close before that reset.
  stream.destroy()
  await eventually(() => append.calls[0]?.told.length === 1, 'it was cancelled')
  append.calls[0]?.call.write(Buffer.of(1))
  append.calls[0]?.call.fail(new Error('too late'))
  t.strictSame(append.calls[0]?.told, ['cancel'])

  const finished = request(session, '/test.Service/Append')
  finished.end(frame(Buffer.of(1)))
  await eventually(() => append.calls[1]?.told.length === 1, 'it was half-closed')
  socket.destroy()
  await eventually(() => append.calls[1]?.told.length === 2, 'it was cancelled')
  t.strictSame(append.calls[1]?.told, ['halfClose', 'cancel'])
  t.match(server.methods.methods[0]?.counters, { calls: 2, active: 0, cancelled: 2, errors: 0 })
})

t.test('a stream that ends in the middle of a message is an error, not a shorter stream', async t => {
  const append = recorder('/test.Service/Append', 'clientStream')
  const server = await serve(t, [append.method, echo])
  const session = connect(t, server.port)
  for (const path of ['/test.Service/Append', '/test.Service/Echo']) {
    const stream = request(session, path)
    const answered = answer(stream)
    stream.end(Buffer.concat([frame(Buffer.of(1)), Buffer.of(0, 0, 0, 0, 9, 1)]))
    t.match(await answered, { status: '13' })
  }
  t.strictSame(append.calls[0]?.told, ['cancel'])
})

t.test('a unary call takes exactly one message, and so does a server-streaming one', async t => {
  const feed = recorder('/test.Service/Feed', 'serverStream')
  const server = await serve(t, [echo, feed.method])
  const session = connect(t, server.port)
  for (const path of ['/test.Service/Echo', '/test.Service/Feed']) {
    t.match(await exchange(session, path, []), { status: '13', text: /none came/ })
    t.match(await exchange(session, path, [Buffer.of(1), Buffer.of(2)]), { status: '13', text: /second one/ })
  }
  t.equal(activeCalls(server), 0)
})

t.test(
  'what is not HTTP/2 is dropped, at the latest when it answers no ping, and the others are served',
  async t => {
    const server = await serve(t, [echo], { keepAliveMs: 100, keepAliveTimeoutMs: 200 })
    const session = connect(t, server.port)
    const settings = Buffer.from('000000040000000000', 'hex')
    const attacks: ReadonlyArray<readonly [string, Buffer]> = [
      ['nothing', Buffer.alloc(0)],
      ['HTTP/1', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
      ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
      ['noise', Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) & 255))],
      [
        'a frame larger than announced',
        Buffer.concat([preface, settings, Buffer.from('ffffff000000000001', 'hex')])
      ],
      ['DATA on stream 0', Buffer.concat([preface, settings, Buffer.from('00000100000000000041', 'hex')])],
      [
        'DATA on an idle stream',
        Buffer.concat([preface, settings, Buffer.from('00000100000000000541', 'hex')])
      ],
      [
        'headers that are not HPACK',
        Buffer.concat([preface, settings, Buffer.from('000004010400000001ffffffff', 'hex')])
      ],
      [
        'a window update of zero',
        Buffer.concat([preface, settings, Buffer.from('00000408000000000000000000', 'hex')])
      ],
      ['settings of five bytes', Buffer.concat([preface, Buffer.from('0000050400000000000000000000', 'hex')])]
    ]
    for (const [name, bytes] of attacks) {
      const socket = await open(server.port)
      socket.write(bytes)
      await closed(socket)
      t.match(await exchange(session, '/test.Service/Echo', [Buffer.of(1)]), { status: '0' }, name)
    }
    await eventually(() => server.connections.open === 1, 'only the good connection is left')
    t.equal(activeCalls(server), 0)
  }
)

t.test('HTTP/2 that is not gRPC is refused', async t => {
  const server = await serve(t, [echo])
  const session = connect(t, server.port)
  const stream = request(session, '/test.Service/Echo', { 'content-type': 'text/html' })
  const status = new Promise(resolve => stream.on('response', headers => resolve(headers[':status'])))
  stream.end()
  t.equal(await status, 415)
})

t.test('pings are answered however often they come', async t => {
  const server = await serve(t, [echo])
  const session = connect(t, server.port)
  await once(session, 'connect')
  for (let round = 0; round < 300; round++) {
    await new Promise<void>((resolve, reject) => session.ping(error => (error ? reject(error) : resolve())))
  }
  t.match(await exchange(session, '/test.Service/Echo', [Buffer.of(1)]), { status: '0' })
})

t.test('a thousand calls opened and reset at once leave nothing behind', async t => {
  const chat = recorder('/test.Service/Chat', 'bidiStream')
  const server = await serve(t, [chat.method, echo])
  const session = connect(t, server.port)
  for (let index = 0; index < 1000; index++) {
    const stream = request(session, '/test.Service/Chat')
    stream.write(frame(Buffer.of(1)))
    setImmediate(() => stream.destroy())
  }
  await eventually(
    () => chat.calls.every(({ told }) => told.length === 1) && activeCalls(server) === 0,
    'all were told'
  )
  t.match(await exchange(session, '/test.Service/Echo', [Buffer.of(1)]), { status: '0' })
})

t.test('a caller behind a dead line is dropped when it answers no ping', async t => {
  const chat = recorder('/test.Service/Chat', 'bidiStream')
  const server = await serve(t, [chat.method], { keepAliveMs: 50, keepAliveTimeoutMs: 100 })
  const line = await deadLine(t, server.port)
  request(connect(t, line.port), '/test.Service/Chat').write(frame(Buffer.of(1)))
  await eventually(() => chat.calls[0]?.messages.length === 1, 'the call is open')
  line.cut()
  await eventually(() => chat.calls[0]?.told.includes('cancel') === true, 'it was cancelled')
  await eventually(() => server.connections.open === 0, 'the connection is gone')
})

/** A proxy that can fall silent without closing anything. */
async function deadLine(t: Test, port: number): Promise<{ port: number; cut: () => void }> {
  const ends: Socket[] = []
  let alive = true
  const proxy = createServer(near => {
    const far = connectTcp(port, '127.0.0.1')
    ends.push(near, far)
    near.on('data', bytes => alive && far.write(bytes))
    far.on('data', bytes => alive && near.write(bytes))
    for (const end of [near, far]) end.on('error', () => {})
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const end of ends) end.destroy()
    proxy.close()
  })
  const cut = (): void => {
    alive = false
  }
  return { port: (proxy.address() as AddressInfo).port, cut }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', reject)
  })
}

function closed(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    socket.removeAllListeners('error')
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.resume()
  })
}
