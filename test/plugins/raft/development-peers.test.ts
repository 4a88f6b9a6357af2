import t from 'tap'
import { developmentPeers } from '../../../plugins/raft/development-peers.js'

const own = { name: 'b', port: 8225 }
const items = ['a=127.0.0.1:8224', 'b=127.0.0.1:8225', 'c=[::1]:8226']

t.test('no list means a node without peers', t => {
  t.equal(developmentPeers([], own), undefined)
  t.end()
})

t.test('ids are the positions in the list, so that every node founds the same group', t => {
  const peers = developmentPeers(items, own)!
  t.strictSame(
    [...peers.addresses],
    [
      ['a', { host: '127.0.0.1', port: 8224 }],
      ['b', { host: '127.0.0.1', port: 8225 }],
      ['c', { host: '::1', port: 8226 }]
    ]
  )
  t.match(peers.membership, {
    self: 2,
    conf: { voters: [1, 2, 3], outgoing: [], learners: [] },
    members: [
      { id: 1, node: 'a', role: 'PRIMARY' },
      { id: 2, node: 'b', role: 'PRIMARY' },
      { id: 3, node: 'c', role: 'PRIMARY' }
    ]
  })
  const other = developmentPeers(items, { name: 'c', port: 8226 })!
  t.strictSame({ ...other.membership, self: 0 }, { ...peers.membership, self: 0 })
  t.end()
})

t.test('nonsense is refused in words', t => {
  const refused = (list: readonly string[], words: RegExp) =>
    t.throws(() => developmentPeers(list, own), words)
  refused(['a=127.0.0.1:8224'], /does not name this node, which is b/)
  refused([...items, 'b=10.0.0.1:8225'], /names b twice/)
  refused([...items, 'd=127.0.0.1:8224'], /gives d the address of a/)
  refused(['b=127.0.0.1:9999'], /gives port 9999 to this node/)
  for (const item of [
    'b',
    'b=host',
    'b=host:0',
    'b=host:65536',
    'b=host:-1',
    '=host:1',
    'b=:1',
    'b c=host:1'
  ])
    refused([item], /is not name=host:port/)
  refused(
    Array.from({ length: 10 }, (_, i) => `${i === 0 ? 'b' : `n${i}`}=127.0.0.1:${8225 + i}`),
    /at most 9/
  )
  t.end()
})
