import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { CLEAR, TcpProxy } from './tcp-proxy.js'

t.test('bytes pass in both directions, and so does the end', async t => {
  const { proxy, dial } = await echoBehindProxy(t)
  const socket = await dial()
  t.equal(await answer(socket, 'hello'), 'hello')
  t.equal(proxy.connections, 1)
  const ended = once(socket, 'end')
  socket.end()
  await ended
})

t.test('a delay holds each direction for its own time', async t => {
  const { proxy, dial } = await echoBehindProxy(t)
  const socket = await dial()
  proxy.apply({ delayMs: 60, held: false }, { delayMs: 90, held: false })
  const startedMs = performance.now()
  t.equal(await answer(socket, 'slow'), 'slow')
  t.ok(performance.now() - startedMs >= 148, 'both delays were kept')
})

t.test('what is held arrives in order when the rule ends, on the same connection', async t => {
  const { proxy, dial } = await echoBehindProxy(t)
  const socket = await dial()
  await answer(socket, 'open')
  proxy.apply({ delayMs: 0, held: true }, CLEAR)
  const got = collect(socket, 9)
  for (const word of ['one', 'two', 'six']) socket.write(word)
  t.equal(await Promise.race([got, after(100)]), undefined, 'nothing passes')
  proxy.apply(CLEAR)
  t.equal(await got, 'onetwosix')
})

t.test('a reset breaks what is open, a refusal what comes', async t => {
  const { proxy, dial } = await echoBehindProxy(t)
  const socket = await dial()
  await answer(socket, 'open')
  const broken = once(socket, 'error')
  proxy.reset()
  t.match(await broken, [{ code: 'ECONNRESET' }])
  proxy.refuse(true)
  const refused = connect({ host: '127.0.0.1', port: proxy.port })
  refused.on('error', () => {})
  await new Promise(resolve => refused.once('close', resolve))
  proxy.refuse(false)
  t.equal(await answer(await dial(), 'again'), 'again')
})

t.test('a held direction keeps the sender back', async t => {
  const { proxy, dial } = await echoBehindProxy(t)
  const socket = await dial()
  await answer(socket, 'open')
  proxy.apply({ delayMs: 0, held: true })
  const piece = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < 64; i++) socket.write(piece)
  await after(300)
  t.ok(socket.bytesWritten - socket.writableLength < 64 * piece.length, 'not all 64 MiB were taken')
})

async function echoBehindProxy(t: Test) {
  const server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await TcpProxy.listen()
  proxy.leadTo((server.address() as AddressInfo).port)
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await proxy.close()
    server.close()
  })
  const dial = async () => {
    const socket = connect({ host: '127.0.0.1', port: proxy.port, noDelay: true })
    sockets.push(socket)
    await once(socket, 'connect')
    socket.on('error', () => {})
    return socket
  }
  return { proxy, dial }
}

async function answer(socket: Socket, text: string): Promise<string> {
  const got = collect(socket, text.length)
  socket.write(text)
  return got
}

function collect(socket: Socket, length: number): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    const take = (piece: Buffer) => {
      text += piece
      if (text.length < length) return
      socket.off('data', take)
      resolve(text)
    }
    socket.on('data', take)
  })
}

function after(ms: number): Promise<undefined> {
  return new Promise(resolve => setTimeout(() => resolve(undefined), ms))
}
