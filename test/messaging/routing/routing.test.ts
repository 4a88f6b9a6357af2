import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { HashRing, virtualNodesMax } from '../../../src/messaging/routing/consistent-hash.js'
import { RoundRobin } from '../../../src/messaging/routing/round-robin.js'
import { preferredByTags } from '../../../src/messaging/routing/tag-preference.js'

const md5 = (text: string) => createHash('md5').update(text, 'utf8').digest('hex')

/** The rule, written down as plainly as possible. */
function ownerByRule(weights: ReadonlyMap<string, number>, key: string): string | undefined {
  const nodes = [...weights].flatMap(([id, weight]) =>
    Array.from({ length: Math.max(0, weight) }, (_, number) => ({ hash: md5(`${id} #${number}`), id }))
  )
  nodes.sort((one, other) => (one.hash < other.hash ? -1 : 1))
  return (nodes.find(({ hash }) => hash >= md5(key)) ?? nodes[0])?.id
}

function ringOf(weights: ReadonlyMap<string, number>): HashRing<string> {
  const ring = new HashRing<string>()
  for (const [id, weight] of weights) ring.set(id, id, weight)
  return ring
}

t.test('a key belongs to the first virtual node at or after its hash, whatever changed before', async () => {
  const change = fc.record({
    id: fc.constantFrom('a.1', 'b.2', 'c.3', 'ü.4'),
    weight: fc.integer({ min: -1, max: 12 })
  })
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 12 }),
      fc.array(fc.string(), { maxLength: 5 }),
      (changes, keys) => {
        const weights = new Map<string, number>()
        const ring = new HashRing<string>()
        for (const { id, weight } of changes) {
          if (weight < 0) {
            weights.delete(id)
            ring.delete(id)
          } else {
            weights.set(id, weight)
            ring.set(id, id, weight)
          }
          for (const key of keys) if (ring.find(key) !== ownerByRule(weights, key)) return false
        }
        return true
      }
    )
  )
})

t.test('the share of a member follows its weight', async t => {
  const ring = ringOf(
    new Map([
      ['light.1', 100],
      ['heavy.2', 300]
    ])
  )
  let heavy = 0
  for (let key = 0; key < 20_000; key++) if (ring.find(`key ${key}`) === 'heavy.2') heavy++
  t.ok(heavy > 13_500 && heavy < 16_500, `3 of 4 keys, give or take: ${heavy} of 20000`)
})

t.test('only the keys of a member that leaves move', async t => {
  const ring = ringOf(new Map(['a.1', 'b.2', 'c.3'].map(id => [id, 100])))
  const keys = Array.from({ length: 2000 }, (_, key) => `key ${key}`)
  const before = keys.map(key => ring.find(key))
  ring.delete('b.2')
  for (const [index, key] of keys.entries()) {
    const owner = ring.find(key)
    if (before[index] === 'b.2') t.not(owner, 'b.2') || t.bailout()
    else t.equal(owner, before[index]) || t.bailout()
  }
})

t.test('among some candidates the next virtual node of one of them counts', async t => {
  const ring = ringOf(new Map(['a.1', 'b.2', 'c.3'].map(id => [id, 50])))
  for (let key = 0; key < 200; key++) {
    const owner = ring.find(`key ${key}`, new Set(['a.1', 'c.3']))
    t.equal(owner, ownerWithout('b.2', `key ${key}`)) || t.bailout()
  }
  t.equal(ring.find('key', new Set(['nobody'])), undefined)

  function ownerWithout(id: string, key: string) {
    const rest = ['a.1', 'b.2', 'c.3'].filter(other => other !== id)
    return ownerByRule(new Map(rest.map(other => [other, 50])), key)
  }
})

t.test('a weight without bound does not fill the memory', async t => {
  const ring = new HashRing<string>()
  ring.set('greedy', 'greedy', 2_000_000_000)
  ring.set('modest', 'modest', virtualNodesMax)
  let greedy = 0
  for (let key = 0; key < 2000; key++) if (ring.find(`key ${key}`) === 'greedy') greedy++
  t.ok(greedy > 850 && greedy < 1150, `no more than the largest weight allows: ${greedy}`)
})

t.test('an empty ring owns nothing', async t => {
  t.equal(new HashRing<string>().find('key'), undefined)
})

t.test(
  'tags are scored +1 for an equal value, -1 for another one, 0 for a key that the message lacks',
  async t => {
    const tags = new Map([
      [
        'both',
        new Map([
          ['region', 'eu'],
          ['tier', 'gold']
        ])
      ],
      [
        'one',
        new Map([
          ['region', 'eu'],
          ['colour', 'red']
        ])
      ],
      ['none', new Map<string, string>()],
      ['wrong', new Map([['region', 'us']])],
      [
        'mixed',
        new Map([
          ['region', 'eu'],
          ['tier', 'silver']
        ])
      ]
    ])
    const preferred = (candidates: string[], metaData: [string, string | undefined][]) =>
      preferredByTags(candidates, new Map(metaData), candidate => tags.get(candidate)!)
    const metaData: [string, string | undefined][] = [
      ['region', 'eu'],
      ['tier', 'gold']
    ]
    t.same(preferred(['both', 'one', 'none', 'wrong'], metaData), ['both'])
    t.same(preferred(['one', 'none', 'wrong'], metaData), ['one'])
    t.same(preferred(['none', 'wrong', 'mixed'], metaData), ['none', 'mixed'])
    t.same(preferred(['wrong'], metaData), ['wrong'], 'one candidate needs no score')
    t.same(preferred(['wrong', 'wrong'], metaData), ['wrong', 'wrong'], 'the best score may be negative')
    t.same(preferred(['both', 'none'], [['region', undefined]]), ['none'], 'bytes equal nothing')
    t.same(preferred(['both', 'none'], []), ['both', 'none'])
  }
)

t.test('round robin takes turns, also when candidates come and go', async t => {
  const turns = new RoundRobin()
  const counts = new Map<string, number>()
  for (let turn = 0; turn < 9; turn++) {
    const chosen = turns.next(['a', 'b', 'c'])!
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
  }
  t.same([...counts.values()], [3, 3, 3])
  t.equal(turns.next([]), undefined)
  t.equal(turns.next(['only']), 'only')
})
