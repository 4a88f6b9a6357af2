import t from 'tap'
import { GrpcServer } from '../../../plugins/grpc/grpc-server.js'
import { listMethod } from '../../../src/wire/grpc/index.js'
import {
  activeCalls,
  answer,
  connect,
  defaults,
  eventually,
  exchange,
  frame,
  recorder,
  request,
  serve
} from './fixture.js'

t.test(
  'a caller that does not read stops the writer at the bound, and gets everything in the end',
  async t => {
    const total = 20_000
    let sent = 0
    let refusals = 0
    const feed = recorder('/test.Service/Feed', 'serverStream', ({ call }) => {
      const send = (): void => {
        while (sent < total) {
          const message = Buffer.alloc(1000)
          message.writeUInt32BE(sent++, 0)
          if (call.write(message)) continue
          refusals++
          return
        }
        call.end()
      }
      return { onMessage: send, onDrain: send }
    })
    const server = await serve(t, [feed.method], { streamBufferBytes: 100_000 })
    const session = connect(t, server.port)
    const stream = request(session, '/test.Service/Feed')
    stream.pause()
    stream.end(frame(Buffer.of(1)))
    await eventually(() => refusals > 0, 'the writer was stopped')
    await new Promise(resolve => setTimeout(resolve, 100))
    t.ok(sent < 500, `only ${sent} of ${total} were taken while nobody read`)
    const answered = answer(stream)
    stream.resume()
    const { messages, status } = await answered
    t.equal(status, '0')
    t.equal(messages.length, total)
    t.ok(
      messages.every((message, index) => message.readUInt32BE(0) === index),
      'in order'
    )
    t.equal(feed.calls[0]?.told.filter(word => word === 'drain').length, refusals)
  }
)

t.test('a paused call holds its caller back, and loses nothing', async t => {
  const total = 3000
  const take = recorder('/test.Service/Take', 'clientStream', ({ call }) => {
    call.pause()
    return { onHalfClose: () => call.end() }
  })
  const server = await serve(t, [take.method])
  const session = connect(t, server.port)
  const stream = request(session, '/test.Service/Take')
  const answered = answer(stream)
  let accepted = 0
  const message = frame(Buffer.alloc(1000))
  const push = (): void => {
    while (accepted < total) {
      accepted++
      if (!stream.write(message)) {
        stream.once('drain', push)
        return
      }
    }
    stream.end()
  }
  push()
  await eventually(() => take.calls.length === 1, 'the call is open')
  await new Promise(resolve => setTimeout(resolve, 200))
  t.equal(take.calls[0]?.messages.length, 0, 'nothing is told while paused')
  t.ok(accepted < 1000, `the caller could send ${accepted} of ${total}`)
  take.calls[0]?.call.resume()
  t.match(await answered, { status: '0' })
  t.equal(take.calls[0]?.messages.length, total)
  t.strictSame(take.calls[0]?.told, ['halfClose'])
})

t.test('a listener may pause and resume within a message', async t => {
  const take = recorder('/test.Service/Take', 'bidiStream', ({ call, messages }) => ({
    onMessage() {
      call.pause()
      if (messages.length % 2 === 0) call.resume()
      else setImmediate(() => call.resume())
    },
    onHalfClose: () => call.end()
  }))
  const server = await serve(t, [take.method])
  const session = connect(t, server.port)
  const sent = Array.from({ length: 500 }, (_, index) => Buffer.alloc(index))
  t.match(await exchange(session, '/test.Service/Take', sent), { status: '0' })
  t.strictSame(
    take.calls[0]?.messages.map(({ length }) => length),
    sent.map(({ length }) => length)
  )
})

t.test('a list is sent as its caller takes it, or refused', async t => {
  const list = listMethod('/test.Service/List', request =>
    Array.from({ length: request.readUInt32BE(0) }, (_, index) => Buffer.alloc(1000, index))
  )
  const failing = listMethod('/test.Service/Fail', async () => {
    throw new Error('not today')
  })
  const server = await serve(t, [list, failing], { streamBufferBytes: 10_000 })
  const session = connect(t, server.port)
  const { messages, status } = await exchange(session, '/test.Service/List', [Buffer.of(0, 0, 3, 0xe8)])
  t.equal(status, '0')
  t.equal(messages.length, 1000)
  t.match(await exchange(session, '/test.Service/Fail', [Buffer.of(1)]), { status: '1', text: 'not today' })
  const left = request(session, '/test.Service/List')
  left.end(frame(Buffer.of(0, 0, 3, 0xe8)))
  left.pause()
  await eventually(() => activeCalls(server) === 1, 'the list is being sent')
  left.close(8)
  await eventually(() => activeCalls(server) === 0, 'it was given up')
})

t.test('messages written in one turn go out together and in order', async t => {
  const chat = recorder('/test.Service/Chat', 'bidiStream', ({ call }) => ({
    onMessage(message) {
      for (let index = 0; index < 100; index++) call.write(Buffer.concat([message, Buffer.of(index)]))
    },
    onHalfClose: () => call.end()
  }))
  const server = await serve(t, [chat.method])
  const session = connect(t, server.port)
  const { messages } = await exchange(session, '/test.Service/Chat', [Buffer.of(1), Buffer.of(2)])
  t.equal(messages.length, 200)
  t.ok(messages.every((message, index) => message[0] === (index < 100 ? 1 : 2) && message[1] === index % 100))
  t.match(server.methods.methods[0]?.counters, {
    calls: 1,
    active: 0,
    errors: 0,
    messagesReceived: 2,
    bytesReceived: 2,
    messagesSent: 200,
    bytesSent: 400
  })
})

t.test('a stop lets calls finish, then breaks what is left', async t => {
  const slow = recorder('/test.Service/Slow', 'bidiStream', ({ call }) => ({
    onMessage: () => void setTimeout(() => call.end(), 100)
  }))
  const endless = recorder('/test.Service/Endless', 'bidiStream')
  const server = await serve(t, [slow.method, endless.method], { drainMs: 400 })
  const session = connect(t, server.port)
  const finished = exchange(session, '/test.Service/Slow', [Buffer.of(1)])
  request(session, '/test.Service/Endless').write(frame(Buffer.of(1)))
  await eventually(() => slow.calls.length === 1 && endless.calls.length === 1, 'both are open')
  const { port } = server
  const begun = Date.now()
  const stopped = server.stop()
  t.match(await finished, { status: '0' })
  await stopped
  t.ok(Date.now() - begun < 2000)
  t.strictSame(slow.calls[0]?.told, ['halfClose'])
  t.strictSame(endless.calls[0]?.told, ['cancel'])
  t.equal(server.connections.open, 0)
  const again = await serve(t, [], { port })
  t.equal(again.port, port, 'the port is free')
})

t.test('a stop without calls is immediate', async t => {
  const server = await serve(t, [], { drainMs: 10_000 })
  const session = connect(t, server.port)
  await new Promise<void>(resolve => session.ping(() => resolve()))
  const begun = Date.now()
  await server.stop()
  t.ok(Date.now() - begun < 2000)
})

t.test('a port in use ends the start in words', async t => {
  const server = await serve(t, [])
  await t.rejects(serve(t, [], { port: server.port }), {
    message: `Port ${server.port} for gRPC is taken by another process. Stop that process, or set axoniq.axonserver.port to a free port.`
  })
  const other = new GrpcServer({ ...defaults, host: '203.0.113.1', services: [] })
  await t.rejects(other.start(), { message: /cannot be opened/ })
})

t.test('more connections than allowed are refused and counted', async t => {
  const server = await serve(t, [], { connectionsMax: 2 })
  const sessions = [connect(t, server.port), connect(t, server.port)]
  await Promise.all(sessions.map(session => new Promise<void>(resolve => session.ping(() => resolve()))))
  const third = connect(t, server.port)
  await new Promise(resolve => third.on('close', resolve))
  await eventually(() => server.connections.dropped === 1, 'it was counted')
  t.equal(server.connections.open, 2)
})
