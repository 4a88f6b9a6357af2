import { deflateSync, gzipSync } from 'node:zlib'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import t from 'tap'
import { Event } from '../../../src/wire/generated/event.js'
import { unaryMethod } from '../../../src/wire/grpc/index.js'
import { decodeMessage, GrpcStatus, ServerError } from '../../../src/wire/index.js'
import { answer, connect, eventually, exchange, frame, recorder, request, serve } from './fixture.js'

const echo = unaryMethod('/test.Service/Echo', message => message)
const identity = (bytes: Buffer): Buffer => bytes

t.test('a grpc-js client is served all four kinds of calls', async t => {
  const sum = recorder('/test.Service/Sum', 'clientStream', recorded => ({
    onHalfClose() {
      recorded.call.write(
        Buffer.of(recorded.messages.reduce((total, message) => total + (message[0] ?? 0), 0))
      )
      recorded.call.end()
    }
  }))
  const count = recorder('/test.Service/Count', 'serverStream', ({ call }) => ({
    onMessage(message) {
      for (let index = 0; index < (message[0] ?? 0); index++) call.write(Buffer.of(index))
      call.end()
    }
  }))
  const chat = recorder('/test.Service/Chat', 'bidiStream', ({ call }) => ({
    onMessage: message => void call.write(message),
    onHalfClose: () => call.end()
  }))
  const server = await serve(t, [echo, sum.method, count.method, chat.method])
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure())
  t.teardown(() => client.close())

  const unary = await new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest('/test.Service/Echo', identity, identity, Buffer.from('hello'), (error, reply) =>
      error ? reject(error) : resolve(reply as Buffer)
    )
  })
  t.equal(unary.toString(), 'hello')

  const total = await new Promise<Buffer>((resolve, reject) => {
    const stream = client.makeClientStreamRequest('/test.Service/Sum', identity, identity, (error, reply) =>
      error ? reject(error) : resolve(reply as Buffer)
    )
    for (const value of [1, 2, 3]) stream.write(Buffer.of(value))
    stream.end()
  })
  t.equal(total[0], 6)

  const numbers: number[] = []
  const counting = client.makeServerStreamRequest('/test.Service/Count', identity, identity, Buffer.of(200))
  for await (const message of counting) numbers.push((message as Buffer)[0] as number)
  t.strictSame(numbers, [...new Array(200).keys()])

  const chatting = client.makeBidiStreamRequest('/test.Service/Chat', identity, identity)
  chatting.write(Buffer.from('a'))
  chatting.write(Buffer.alloc(0))
  chatting.end()
  const heard: string[] = []
  for await (const message of chatting) heard.push(String(message))
  t.strictSame(heard, ['a', ''])
  t.strictSame(chat.calls[0]?.told, ['halfClose'])
})

t.test('errors reach a grpc-js client with status, text and code', async t => {
  const server = await serve(t, [
    unaryMethod('/test.Service/Conflict', () => {
      throw new ServerError('AXONIQ-2000', 'Expected 4 – got 100 %, \ud800 "x"')
    }),
    unaryMethod('/test.Service/Bug', async () => {
      throw new Error('no such thing')
    }),
    unaryMethod('/test.Service/Decode', message => {
      decodeMessage(Event, message)
      return message
    })
  ])
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure())
  t.teardown(() => client.close())
  const failure = (path: string): Promise<ServiceError> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, identity, identity, Buffer.of(0x12, 9), error =>
        error ? resolve(error) : reject(new Error('it succeeded'))
      )
    })
  const conflict = await failure('/test.Service/Conflict')
  t.equal(conflict.code, GrpcStatus.OUT_OF_RANGE)
  t.equal(conflict.details, '[AXONIQ-2000] Expected 4 – got 100 %, \ufffd "x"')
  t.strictSame(conflict.metadata.get('axoniq-errorcode'), ['AXONIQ-2000'])
  const bug = await failure('/test.Service/Bug')
  t.match(bug, { code: GrpcStatus.CANCELLED, details: 'no such thing' })
  t.strictSame(bug.metadata.get('AxonIQ-ErrorCode'), ['AXONIQ-0001'])
  const malformed = await failure('/test.Service/Decode')
  t.equal(malformed.code, GrpcStatus.CANCELLED)
  t.match(malformed.details, /malformed/)
})

t.test('what a listener throws ends its call, releases it, and no other call', async t => {
  const chat = recorder('/test.Service/Chat', 'bidiStream', () => ({
    onMessage() {
      throw new ServerError('AXONIQ-1900', 'full')
    }
  }))
  const server = await serve(t, [chat.method, echo])
  const session = connect(t, server.port)
  const failed = await exchange(session, '/test.Service/Chat', [Buffer.of(1), Buffer.of(2)])
  t.match(failed, { status: '8', errorCode: 'AXONIQ-1900' })
  t.equal(chat.calls[0]?.messages.length, 1, 'nothing is told after the end')
  t.strictSame(chat.calls[0]?.told, ['cancel'])
  t.match(await exchange(session, '/test.Service/Echo', [Buffer.of(1)]), { status: '0' })
})

t.test('a context that does not exist is refused before the handler runs', async t => {
  const seen: string[] = []
  const note = unaryMethod('/test.Service/Note', (message, call) => {
    seen.push(call.context)
    return message
  })
  const any = unaryMethod('/test.Service/Any', message => message, { anyContext: true })
  const chat = recorder('/test.Service/Chat', 'bidiStream')
  const gate = { exists: (context: string) => context !== 'lost' }
  const server = await serve(t, [note, any, chat.method], { gate })
  const session = connect(t, server.port)
  const call = (path: string, headers: Record<string, string>) =>
    exchange(session, path, [Buffer.of(1)], headers)

  await call('/test.Service/Note', {})
  await call('/test.Service/Note', { context: 'old' })
  await call('/test.Service/Note', { 'axoniq-context': 'orders', context: 'old' })
  t.strictSame(seen, ['default', 'old', 'orders'])
  const refused = await call('/test.Service/Note', { 'axoniq-context': 'lost' })
  t.match(refused, { status: '5', errorCode: 'AXONIQ-1302' })
  t.match(refused.text, /There is no context "lost"/)
  t.match(await call('/test.Service/Chat', { 'axoniq-context': 'lost' }), { errorCode: 'AXONIQ-1302' })
  t.equal(seen.length + chat.calls.length, 3)
  t.match(await call('/test.Service/Any', { 'axoniq-context': 'lost' }), { status: '0' })
})

t.test('very old clients find the services under their old names', async t => {
  const dispatch = unaryMethod(
    '/io.axoniq.axonserver.grpc.command.CommandService/Dispatch',
    (message, call) => Buffer.concat([message, Buffer.from(call.path)])
  )
  const server = await serve(t, [dispatch])
  const session = connect(t, server.port)
  const { messages } = await exchange(session, '/io.axoniq.axonhub.grpc.CommandService/Dispatch', [
    Buffer.of(65)
  ])
  t.equal(String(messages[0]), 'A/io.axoniq.axonserver.grpc.command.CommandService/Dispatch')
  t.equal(server.methods.methods[0]?.counters.calls, 1)
  t.strictSame(server.methods.services, ['io.axoniq.axonserver.grpc.command.CommandService'])
})

t.test('a method that nobody serves is UNIMPLEMENTED', async t => {
  const server = await serve(t, [echo])
  t.match(await exchange(connect(t, server.port), '/test.Service/Other', [Buffer.of(1)]), { status: '12' })
})

t.test('two services with one path are refused in words', async t => {
  await t.rejects(serve(t, [echo, echo]), {
    message: /Two plugins serve the gRPC method \/test.Service\/Echo/
  })
  await t.rejects(serve(t, [unaryMethod('Echo', message => message)]), { message: /not a gRPC path/ })
})

t.test('a deadline that passes ends the call and tells the service', async t => {
  let cancelled = 0
  const slow = {
    kind: 'unary' as const,
    path: '/test.Service/Slow',
    handle: (_: Buffer, call: { onCancel(run: () => void): void }) => call.onCancel(() => cancelled++)
  }
  const chat = recorder('/test.Service/Chat', 'bidiStream')
  const server = await serve(t, [slow, chat.method])
  const session = connect(t, server.port)
  t.match(await exchange(session, slow.path, [Buffer.of(1)], { 'grpc-timeout': '50m' }), { status: '4' })
  const open = request(session, '/test.Service/Chat', { 'grpc-timeout': '50m' })
  const answered = answer(open)
  open.write(frame(Buffer.of(1)))
  t.match(await answered, { status: '4' })
  await eventually(() => cancelled === 1 && chat.calls[0]?.told.includes('cancel') === true, 'both were told')
  t.equal(chat.calls[0]?.call.cancelled, true)
  t.equal(server.methods.methods[0]?.counters.active, 0)
})

t.test('compressed messages are read, within the limit', async t => {
  const server = await serve(t, [echo], { messageBytesMax: 10_000 })
  const session = connect(t, server.port)
  const send = (message: Buffer, encoding: string, flag = 1) => {
    const stream = request(session, '/test.Service/Echo', { 'grpc-encoding': encoding })
    const answered = answer(stream)
    stream.end(frame(message, flag))
    return answered
  }
  const text = Buffer.from('again and again and again')
  t.strictSame((await send(gzipSync(text), 'gzip')).messages, [text])
  t.strictSame((await send(deflateSync(text), 'deflate')).messages, [text])
  t.match(await send(gzipSync(Buffer.alloc(1_000_000)), 'gzip'), { status: '8' }, 'a bomb')
  t.match(await send(text, 'gzip'), { status: '13' }, 'not gzip at all')
  t.match(await send(text, 'snappy'), { status: '12' })
  t.match(await send(text, 'toString'), { status: '12' })
  t.match(await send(text, 'gzip', 7), { status: '13' }, 'an unknown flag')
})

t.test('metadata shows the first value of a header, and the peer', async t => {
  let seen: readonly (string | undefined)[] = []
  const look = unaryMethod('/test.Service/Look', (message, call) => {
    seen = [
      call.metadata.get('axoniq-clientid'),
      call.metadata.get('missing'),
      call.metadata.get('data-bin'),
      call.peer
    ]
    return message
  })
  const server = await serve(t, [look])
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure())
  t.teardown(() => client.close())
  const metadata = new Metadata()
  metadata.set('AxonIQ-ClientId', '7@host')
  metadata.set('data-bin', Buffer.of(1))
  await new Promise<void>(resolve => {
    client.makeUnaryRequest(look.path, identity, identity, Buffer.of(1), metadata, () => resolve())
  })
  t.match(seen[3], /^127\.0\.0\.1:\d+$/)
  t.strictSame(seen.slice(0, 3), ['7@host', undefined, undefined])
})
