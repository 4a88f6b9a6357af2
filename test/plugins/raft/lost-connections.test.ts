import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { TcpProxy } from './tcp-proxy.js'
import { type Addresses, append, heartbeat, startNode, until, vote } from './transports.js'

t.test('the end of the other process is told once, and what comes after its return arrives', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const first = await startNode(t, 'b', addresses)
  const { port } = first.transport
  a.transport.send('b', [append(1, 1), vote(1, 1)])
  await until('connected', () => first.recorder.messages.length === 2)
  await first.transport.close()
  await until('the end is told', () => a.recorder.ends.length > 0)
  t.strictSame(a.recorder.unreachables, [['b', undefined]])
  for (let index = 2; index < 50; index++) {
    a.transport.send('b', [append(1, index)])
    await sleep(5)
  }
  t.strictSame(a.recorder.ends, ['b'])
  t.strictSame(
    a.recorder.unreachables,
    [
      ['b', undefined],
      ['b', 1]
    ],
    'each group once'
  )
  const second = await startNode(t, 'b', addresses, { port })
  a.transport.send('b', [vote(1, 2)])
  await until('reached again', () => second.recorder.messages.length > 0)
  await until('connected', () => a.transport.peers[0]!.connected)
  a.transport.send('b', [append(1, 50)])
  await until('appends arrive', () =>
    second.recorder.messages.some(({ message }) => message.entries[0]?.index === 50)
  )
  t.strictSame(a.recorder.ends, ['b'])
  await second.transport.close()
  await until('a second end is told, too', () => a.recorder.ends.length === 2)
})

t.test('a node that comes back between two attempts is known to have ended by its new life', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const first = await startNode(t, 'b', addresses)
  const second = await startNode(t, 'b', addresses)
  const proxy = await TcpProxy.start(t, first.transport.port)
  addresses.set('b', { host: '127.0.0.1', port: proxy.port })
  a.transport.send('b', [vote(1, 1)])
  await until('connected', () => a.transport.peers[0]?.connected === true)
  proxy.target = second.transport.port
  proxy.breakAll()
  await until('connected to the other life', () => a.transport.peers[0]!.connects === 4)
  await until('told', () => a.recorder.ends.length > 0)
  t.strictSame(a.recorder.ends, ['b'])
})

t.test(
  'a connection that something between has reset is made again at once, and nobody has ended',
  async t => {
    const addresses: Addresses = new Map()
    const a = await startNode(t, 'a', addresses)
    const b = await startNode(t, 'b', addresses)
    const proxy = await TcpProxy.start(t, b.transport.port)
    addresses.set('b', { host: '127.0.0.1', port: proxy.port })
    a.transport.send('b', [vote(1, 1)])
    await until('connected', () => a.transport.peers[0]?.connected === true)
    const start = Date.now()
    proxy.breakAll()
    await until(
      'connected again',
      () => a.transport.peers[0]!.connects === 4 && a.transport.peers[0]!.connected
    )
    t.ok(Date.now() - start < 500, `${Date.now() - start} ms`)
    a.transport.send('b', [append(1, 1)])
    await until('appends arrive', () => b.recorder.messages.length === 2)
    t.strictSame(a.recorder.ends, [])
    t.strictSame(a.recorder.unreachables, [['b', undefined]])
  }
)

t.test(
  'a connection that swallows everything is noticed, and replaced when there is a way again',
  async t => {
    const addresses: Addresses = new Map()
    const times = { keepAliveMs: 50, keepAliveTimeoutMs: 150, connectTimeoutMs: 200, retryMsMax: 100 }
    const a = await startNode(t, 'a', addresses, times)
    const b = await startNode(t, 'b', addresses)
    const proxy = await TcpProxy.start(t, b.transport.port)
    addresses.set('b', { host: '127.0.0.1', port: proxy.port })
    a.transport.send('b', [vote(1, 1)])
    await until('connected', () => a.transport.peers[0]?.connected === true)
    await sleep(400)
    t.equal(a.transport.peers[0]!.losses, 0, 'a connection that answers is left alone')
    const start = Date.now()
    proxy.swallows = true
    a.transport.send('b', [append(1, 1), heartbeat(1, 1)])
    await until('noticed', () => a.recorder.unreachables.length > 0)
    t.ok(Date.now() - start < 1500, `${Date.now() - start} ms`)
    t.strictSame(a.recorder.ends, [], 'silence is no end')
    await sleep(300)
    t.equal(a.transport.peers[0]!.connected, false, 'the way is still closed')
    proxy.swallows = false
    proxy.breakAll()
    await until('connected again', () => a.transport.peers[0]!.connected)
    a.transport.send('b', [append(1, 2)])
    await until('appends arrive', () =>
      b.recorder.messages.some(({ message }) => message.entries[0]?.index === 2)
    )
  }
)

t.test('a node that is back and speaks to us is spoken to at once', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses, { retryMsMax: 60_000 })
  const b = await startNode(t, 'b', addresses, { port: 0 })
  const { port } = b.transport
  await b.transport.close()
  a.transport.send('b', [vote(1, 1)])
  await until('told', () => a.recorder.ends.length > 0)
  await sleep(700) // The pauses between attempts have grown.
  const back = await startNode(t, 'b', addresses, { port })
  const start = Date.now()
  back.transport.send('a', [vote(1, 1)])
  a.transport.send('b', [vote(1, 2)])
  await until(
    'both reach each other',
    () => a.recorder.messages.length > 0 && back.recorder.messages.length > 0
  )
  t.ok(Date.now() - start < 300, `${Date.now() - start} ms`)
})

t.test('a closed transport lets go of its port and its connections', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const b = await startNode(t, 'b', addresses)
  a.transport.send('b', [vote(1, 1)])
  b.transport.send('a', [vote(1, 1)])
  await until('connected', () => a.recorder.messages.length + b.recorder.messages.length === 2)
  const { port } = a.transport
  const start = Date.now()
  await a.transport.close()
  await a.transport.close()
  t.ok(Date.now() - start < 1500, `${Date.now() - start} ms`)
  const again = createServer()
  await new Promise<void>(resolve => again.listen(port, '127.0.0.1', resolve))
  again.close()
  a.transport.send('b', [vote(1, 2)])
  await until('the other hears of it', () => b.recorder.ends.length > 0 || b.recorder.unreachables.length > 0)
})

t.test('garbage from a stranger ends its connection and disturbs nobody', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const b = await startNode(t, 'b', addresses)
  a.transport.send('b', [vote(1, 1)])
  await until('connected', () => b.recorder.messages.length === 1)
  const texts = [
    'GET / HTTP/1.1\r\n\r\n',
    '\0\0\0\0',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that is no frame at all'
  ]
  for (const bytes of [...texts.map(text => Buffer.from(text)), Buffer.alloc(100_000, 0xff)]) {
    const socket = connect(b.transport.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.resume()
    socket.write(bytes)
    await new Promise(resolve => socket.once('close', resolve).setTimeout(300, () => socket.destroy()))
  }
  a.transport.send('b', [append(1, 1)])
  await until('others are served', () => b.recorder.messages.length === 2)
  t.equal(a.transport.peers[0]!.losses, 0)
})
