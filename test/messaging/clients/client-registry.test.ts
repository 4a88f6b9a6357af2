import t from 'tap'
import { ManualClock } from '../../../src/kernel/index.js'
import { type ClientDescription, ClientRegistry } from '../../../src/messaging/clients/client-registry.js'

function registry() {
  let ids = 0
  const clock = new ManualClock()
  return { clients: new ClientRegistry(() => `uuid-${++ids}`, clock), clock }
}

function client(clientId: string, tags: [string, string][] = []): ClientDescription {
  return { clientId, componentName: 'orders', tags: new Map(tags), version: '4.6' }
}

t.test('a stream is named for its client, and two streams of one client live side by side', async t => {
  const { clients } = registry()
  const old = clients.connect('default', client('a', [['region', 'us']]))
  const young = clients.connect('default', client('a', [['region', 'eu']]))
  t.equal(old.streamId, 'a.uuid-1')
  t.equal(young.streamId, 'a.uuid-2')
  t.equal(clients.size, 2)
  t.same([...clients.streams('default', 'a')], [old, young])
  t.equal(clients.tagsOf('default', 'a').get('region'), 'eu', 'the newest speaks for the client')
  clients.disconnect(young, 'gone')
  t.equal(clients.tagsOf('default', 'a').get('region'), 'us')
})

t.test('contexts are apart', async t => {
  const { clients } = registry()
  clients.connect('default', client('a', [['region', 'eu']]))
  t.equal(clients.tagsOf('other', 'a').size, 0)
  t.equal(clients.streams('other', 'a').size, 0)
  t.equal(clients.hasTags('default'), true)
  t.equal(clients.hasTags('other'), false)
})

t.test('tags are asked for only while somebody has some', async t => {
  const { clients } = registry()
  const one = clients.connect('default', client('a', [['region', 'eu']]))
  const two = clients.connect('default', client('b', [['region', 'eu']]))
  clients.connect('default', client('c'))
  clients.disconnect(one, 'gone')
  t.equal(clients.hasTags('default'), true)
  clients.disconnect(two, 'gone')
  t.equal(clients.hasTags('default'), false)
})

t.test('listeners hear of each client once', async t => {
  const { clients, clock } = registry()
  const heard: string[] = []
  clients.addListener({
    clientConnected: ({ streamId }) => heard.push(`+ ${streamId}`),
    clientDisconnected: ({ streamId }, reason) => heard.push(`- ${streamId} ${reason}`)
  })
  const one = clients.connect('default', client('a'))
  clock.advance(1500)
  clients.disconnect(one, 'connection lost')
  clients.disconnect(one, 'connection lost')
  t.same(heard, ['+ a.uuid-1', '- a.uuid-1 connection lost'])
  t.same(clients.stats, { connects: 1, disconnects: 1, connectedMs: 1500, longestMs: 1500 })
  t.same([...clients.all()], [])
})
