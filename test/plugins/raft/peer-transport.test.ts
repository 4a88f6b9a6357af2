import t from 'tap'
import { MessageType } from '../../../src/consensus/core/message.js'
import { silentLogger } from '../../../src/kernel/index.js'
import { type Addresses, append, heartbeat, startNode, until, vote } from './transports.js'

const MiB = 1024 * 1024

t.test('messages of many groups arrive, appends of each in order, with their sender', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const b = await startNode(t, 'b', addresses)
  const c = await startNode(t, 'c', addresses)
  for (let index = 1; index <= 1000; index++) {
    a.transport.send('b', [append(1, index), append(2, index)])
    c.transport.send('b', [append(3, index)])
  }
  b.transport.send('a', [vote(7, 5)])
  await until(
    'all have arrived',
    () => b.recorder.messages.length === 3000 && a.recorder.messages.length === 1
  )
  for (const [group, node] of [
    [1, 'a'],
    [2, 'a'],
    [3, 'c']
  ] as const) {
    const own = b.recorder.messages.filter(message => message.group === group)
    t.ok(own.every((message, i) => message.node === node && message.message.entries[0]!.index === i + 1))
    t.equal(own.length, 1000)
  }
  t.match(a.recorder.messages[0], { node: 'b', group: 7, message: { type: MessageType.vote, term: 5 } })
  t.strictSame(a.recorder.unreachables, [])
  const [stats] = a.transport.peers
  t.match(stats, { node: 'b', connected: true, dropped: 0, messages: 2000, connects: 2 })
  t.ok(stats!.frames < 2000, `${stats!.frames} frames`)
})

t.test('heartbeats of 500 groups go in one frame', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const b = await startNode(t, 'b', addresses)
  a.transport.send('b', [vote(1, 1)])
  await until('connected', () => b.recorder.messages.length === 1)
  const before = b.transport.inbound.frames
  const beats = Array.from({ length: 500 }, (_, group) => heartbeat(group, 1000 + group))
  a.transport.send('b', beats)
  await until('all have arrived', () => b.recorder.messages.length === 501)
  t.equal(b.transport.inbound.frames - before, 1)
  t.strictSame(b.recorder.batches, [1, 500])
  t.ok(b.recorder.messages.slice(1).every(({ message }, group) => message.commit === 1000 + group))
})

t.test('a message of 64 MiB passes, and heartbeats do not wait for it', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const b = await startNode(t, 'b', addresses)
  a.transport.send('b', [append(1, 1), heartbeat(1, 0)])
  await until('connected', () => b.recorder.messages.length === 2)
  const data = Buffer.alloc(64 * MiB, 7)
  data.write('the end', data.length - 7)
  a.transport.send('b', [append(1, 2, data), append(1, 3)])
  t.ok(a.transport.peers[0]!.queuedBytes < 2.5 * MiB, 'what was taken out of the queue is not copied whole')
  a.transport.send('b', [heartbeat(1, 1)])
  await until('the heartbeat', () => b.recorder.messages.length === 3)
  t.equal(b.recorder.messages[2]!.message.type, MessageType.heartbeat)
  await until('the large one and the one behind it', () => b.recorder.messages.length === 5)
  t.ok(b.recorder.messages[3]!.message.entries[0]!.data.equals(data))
  t.equal(b.recorder.messages[4]!.message.entries[0]!.index, 3)
  t.strictSame(a.recorder.unreachables, [])
})

t.test('a message over the bound on messages ends its stream and nothing else', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const b = await startNode(t, 'b', addresses, { messageBytesMax: 3 * MiB })
  a.transport.send('b', [append(1, 1, Buffer.alloc(4 * MiB))])
  await until('it is refused', () => b.transport.inbound.refused === 1)
  await until('the sender hears of it', () => a.recorder.unreachables.length === 1)
  await until('connected again', () => a.transport.peers[0]!.connected)
  a.transport.send('b', [append(1, 2)])
  await until('the next passes', () => b.recorder.messages.length === 1)
  t.strictSame(a.recorder.ends, [])
})

t.test(
  'what is over the bound of the queue is lost and told once for each group, until it drains',
  async t => {
    const addresses: Addresses = new Map()
    const a = await startNode(t, 'a', addresses, { queueBytesMax: MiB })
    const b = await startNode(t, 'b', addresses)
    a.transport.send('b', [append(1, 1)])
    await until('connected', () => b.recorder.messages.length === 1)
    const data = Buffer.alloc(64 * 1024)
    let queuedBytes = 0
    for (let index = 2; index < 200; index++) {
      a.transport.send('b', [append(1, index, data), append(2, index, data)])
      queuedBytes = Math.max(queuedBytes, a.transport.peers[0]!.queuedBytes)
    }
    await until('the losses are told', () => a.recorder.unreachables.length > 0)
    t.strictSame(a.recorder.unreachables.toSorted(), [
      ['b', 1],
      ['b', 2]
    ])
    t.ok(queuedBytes <= 3.2 * MiB, `${queuedBytes} bytes in queue and flight`)
    const { dropped, messages } = a.transport.peers[0]!
    await until('the rest arrives', () => b.recorder.messages.length + dropped === 397)
    t.ok(dropped > 300 && messages + dropped <= 397, `${dropped} dropped`)
    await until('drained', () => a.transport.peers[0]!.queuedBytes === 0)
    for (let index = 200; index < 300; index++) a.transport.send('b', [append(1, index, data)])
    await until('told again', () => a.recorder.unreachables.length === 3)
    t.strictSame(a.recorder.unreachables[2], ['b', 1])
  }
)

t.test('of heartbeats that wait only the newest of each group is sent', async t => {
  const addresses: Addresses = new Map()
  const a = await startNode(t, 'a', addresses)
  const b = await startNode(t, 'b', addresses)
  // Nothing has connected yet, so all of these wait.
  for (let commit = 0; commit < 50; commit++)
    a.transport.send('b', [heartbeat(1, commit), heartbeat(2, commit)])
  a.transport.send('b', [vote(3, 1)])
  await until('arrived', () => b.recorder.messages.some(({ group }) => group === 3))
  const beats = b.recorder.messages.filter(({ message }) => message.type === MessageType.heartbeat)
  t.strictSame(
    beats.map(({ group, message }) => [group, message.commit]),
    [
      [1, 49],
      [2, 49]
    ]
  )
})

t.test('a node without an address is told as unreachable; nothing is kept for it', async t => {
  const a = await startNode(t, 'a', new Map())
  a.transport.send('nobody', [append(1, 1), vote(1, 1)])
  await until('told', () => a.recorder.unreachables.length === 1)
  t.strictSame(a.recorder.unreachables, [['nobody', undefined]])
  t.match(a.transport.peers[0], { queuedBytes: 0, dropped: 2, connected: false })
})

t.test('whoever has another name or life than the one addressed says so and gets nothing', async t => {
  const addresses: Addresses = new Map()
  const warnings: object[] = []
  const log = { ...silentLogger, warn: (fields: object | string) => void warnings.push(fields as object) }
  const a = await startNode(t, 'a', addresses, { log })
  const b = await startNode(t, 'b', addresses, { incarnation: 5 })
  const { port } = b.transport
  addresses.set('c', { host: '127.0.0.1', port })
  addresses.set('b', { host: '127.0.0.1', port, incarnation: 4 })
  a.transport.send('c', [vote(1, 1)])
  a.transport.send('b', [vote(1, 1)])
  await until('told', () => a.recorder.unreachables.length === 2)
  t.strictSame(b.recorder.messages, [])
  t.ok(warnings.some(fields => JSON.stringify(fields).includes('"found":"b","incarnation":5')))
  addresses.set('b', { host: '127.0.0.1', port, incarnation: 5 })
  a.transport.send('b', [vote(1, 2)])
  await until('the right life gets its messages', () => b.recorder.messages.length > 0)
  t.strictSame(a.recorder.ends, [])
})

t.test('messages for a member that the node is not any more are answered, once', async t => {
  const addresses: Addresses = new Map()
  const gone: unknown[] = []
  const a = await startNode(t, 'a', addresses, { onMemberGone: (...member) => void gone.push(member) })
  const b = await startNode(t, 'b', addresses, { isMember: (group, id) => group !== 9 || id === 3 })
  for (let i = 0; i < 3; i++) a.transport.send('b', [append(9, i + 1), append(8, i + 1)])
  await until('the others arrive', () => b.recorder.messages.length === 3)
  await until('told', () => gone.length > 0)
  t.strictSame(gone, [['b', 9, 2]])
  t.ok(b.recorder.messages.every(({ group }) => group === 8))
  t.strictSame(a.recorder.unreachables, [['b', 9]])
})

t.test('a caller without the right token is refused', async t => {
  const addresses: Addresses = new Map()
  const authorize = ({ get }: { get(name: string): string | undefined }) =>
    get('axoniq-access-token') === 'secret'
  const a = await startNode(t, 'a', addresses)
  const c = await startNode(t, 'c', addresses, { token: 'secret' })
  const b = await startNode(t, 'b', addresses, {
    authorize: metadata => authorize({ get: name => metadata.get(name) })
  })
  a.transport.send('b', [vote(1, 1)])
  c.transport.send('b', [vote(2, 1)])
  await until('told', () => a.recorder.unreachables.length === 1)
  await until('the other arrives', () => b.recorder.messages.length === 1)
  t.equal(b.recorder.messages[0]!.node, 'c')
})
