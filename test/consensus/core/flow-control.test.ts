import t from 'tap'
import { Inflights } from '../../../src/consensus/core/inflights.js'
import { InvariantError } from '../../../src/consensus/core/invariant.js'
import { RAFT_DEFAULTS, type RaftDefaults } from '../../../src/consensus/core/options.js'
import { type Entry, entrySize, limitSize, UNLIMITED } from '../../../src/consensus/core/types.js'
import { ack, heartbeatAnswer, only, progressOf, replicating } from './peers.js'
import { entries, entry, network, node, type TestNode } from './support/harness.js'

function bytesOf(list: readonly Entry[]): number {
  return list.reduce((sum, each) => sum + entrySize(each), 0)
}

t.test(
  'P07 appends are cut to the size of a message and stop at the window, in number and in bytes',
  async t => {
    const leader = node({
      voters: [1, 2],
      messageBytesMax: 2048,
      inflightMessagesMax: 3,
      inflightBytesMax: 9000
    }).becomeLeader()
    const propose = (count: number, bytes: number) => {
      for (let i = 0; i < count; i++) leader.propose('a'.repeat(bytes))
    }
    propose(10, 1000)
    propose(6, 5000)
    propose(6, 1000)
    let sent = only(leader.take(), 'append', 2)
    t.same(
      sent.map(({ entries }) => entries.length),
      [2],
      'a probe, with the empty entry and the first proposal'
    )
    for (const shapes of [[2, 2, 2], [2, 1, 1], [1, 1], [1, 1], [1, 2, 2], [2]]) {
      const last = sent.at(-1)!.entries.at(-1)!.index
      sent = only(ack(leader, 2, last), 'append', 2).filter(({ entries }) => entries.length > 0)
      t.same(
        sent.map(({ entries }) => entries.length),
        shapes
      )
    }
    t.equal(sent.at(-1)!.entries.at(-1)!.index, leader.raft.log.lastIndex)
  }
)

function windowOfFour(): { leader: TestNode; firstSent: number } {
  const leader = replicating(node({ inflightMessagesMax: 4 }).becomeLeader(), 2, 3)
  const firstSent = leader.raft.log.lastIndex + 1
  for (let i = 0; i < 4; i++) leader.propose('a')
  t.equal(only(leader.take(), 'append', 2).length, 4)
  return { leader, firstSent }
}

t.test(
  'P08 a full window is silent; acknowledgements free it; each heartbeat answer asks once, without entries',
  async t => {
    const { leader } = windowOfFour()
    for (let i = 0; i < 10; i++) {
      leader.propose('a')
      t.same(only(leader.take(), 'append', 2), [])
    }
    for (let acknowledged = 2; acknowledged < 6; acknowledged++) {
      const { leader: moving, firstSent } = windowOfFour()
      moving.propose('a', 'b')
      moving.settle()
      // Frees everything up to it: what waited goes out as one append.
      const count = acknowledged - firstSent + 1
      t.equal(
        only(ack(moving, 2, acknowledged), 'append', 2).filter(({ entries }) => entries.length > 0).length,
        1
      )
      t.equal(progressOf(moving, 2).inflights.count, 4 - count + 1, `acknowledged ${acknowledged}`)
      for (let stale = firstSent; stale <= acknowledged; stale++) {
        ack(moving, 2, stale)
        t.equal(progressOf(moving, 2).inflights.count, 4 - count + 1, `${stale} once more`)
      }
    }
    for (let round = 0; round < 3; round++) {
      const asked = only(heartbeatAnswer(leader, 2), 'append', 2)
      t.same(
        asked.map(({ entries }) => entries.length),
        [0]
      )
      t.ok(progressOf(leader, 2).inflights.isFull)
      leader.propose('a')
      t.same(only(leader.take(), 'append', 2), [], 'and is silent again')
    }
  }
)

t.test('a window of appends adds up to its bounds, frees from the front, and forgets on reset', async t => {
  const window = new Inflights(10, 1_000)
  for (let i = 0; i < 10; i++) window.add(i, 10 + i)
  t.match(window, { count: 10, bytes: 145, isFull: true })
  t.throws(() => window.add(10, 1), InvariantError)
  const frees: [to: number, count: number, bytes: number][] = [
    [-1, 10, 145],
    [0, 9, 135],
    [0, 9, 135],
    [4, 5, 85],
    [8, 1, 19],
    [50, 0, 0]
  ]
  for (const [to, count, bytes] of frees) {
    window.freeTo(to)
    t.match(window, { count, bytes, isFull: count === 10 }, `freed up to ${to}`)
  }
  // Many times around, so that what was freed is given back.
  for (let i = 100; i < 2000; i++) {
    window.add(i, 1)
    window.freeTo(i - 3)
  }
  t.match(window, { count: 3, bytes: 3 })
  t.throws(() => window.add(1999, 1), InvariantError, 'indexes rise')
  window.reset()
  t.match(window, { count: 0, bytes: 0, isFull: false })
  window.add(1, 999)
  t.notOk(window.isFull)
  window.add(2, 5_000)
  t.ok(window.isFull, 'the one that passes the bound in bytes is the last one')
})

const PAYLOAD = 'testdata'

t.test(
  'P11 uncommitted proposals are refused beyond the limit, and the tally is back at 0 when all is applied',
  async t => {
    const count = 1024
    const uncommittedBytesMax = count * PAYLOAD.length
    const leader = replicating(node({ uncommittedBytesMax }).becomeLeader(), 2, 3)
    for (let i = 0; i < count; i++) t.equal(leader.propose(PAYLOAD), undefined)
    leader.settle()
    t.equal(leader.propose(PAYLOAD), 'dropped')
    t.equal(leader.propose(''), undefined, 'an empty one always passes')
    t.equal(leader.raft.uncommittedBytes, uncommittedBytesMax)
    leader.settle()
    ack(leader, 2, leader.raft.log.lastIndex)
    t.equal(leader.raft.uncommittedBytes, 0)
    const large = PAYLOAD.repeat(count * 2)
    t.equal(leader.propose(large), undefined, 'one is always allowed at zero')
    t.equal(leader.propose(PAYLOAD), 'dropped')
    t.equal(leader.propose(large), 'dropped')
    t.equal(leader.propose(''), undefined)
    leader.settle()
    ack(leader, 2, leader.raft.log.lastIndex)
    t.equal(leader.raft.uncommittedBytes, 0)

    const net = network([{}, {}, {}], { uncommittedBytesMax: 5 * PAYLOAD.length })
    net.campaign(1)
    net.isolate(1)
    const answers = Array.from({ length: 20 }, () => {
      const answer = net.at(1).propose(PAYLOAD)
      net.pump()
      return answer
    })
    t.equal(answers.filter(answer => answer === undefined).length, 5)
    t.equal(net.at(1).raft.log.lastIndex, 6, 'the log does not grow while nobody answers')
    net.recover()
    net.tick(1, 3)
    t.equal(net.at(1).raft.uncommittedBytes, 0)
    t.equal(net.at(3).appliedData().length, 5)
    t.equal(net.at(1).propose(PAYLOAD), undefined)
  }
)

t.test('P12 appends and applies come in pages, and a restart in between loses none of them', async t => {
  const net = network([{}, {}, {}], { messageBytesMax: 2048 })
  net.campaign(1)
  net.isolate(3)
  for (let i = 0; i < 5; i++) net.propose(1, 'a'.repeat(1000))
  net.recover()
  net.forget()
  net.beat(1)
  net.beat(1)
  const sizes = net.delivered.filter(({ to }) => to === 3).map(({ entries }) => bytesOf(entries))
  t.ok(Math.max(...sizes) > 1024 && Math.max(...sizes) <= 2048, `${sizes}`)
  t.equal(net.at(3).raft.log.committed, 6)

  for (const asyncStorageWrites of [true, false]) {
    const single = node({ voters: [1], applyBytesMax: 2048, asyncStorageWrites }).becomeLeader()
    single.readies.length = 0
    for (let i = 0; i < 3; i++) single.propose('a'.repeat(1000))
    single.settle()
    t.same(
      single.readies.map(({ committed }) => committed.length).filter(length => length > 0),
      [2, 1],
      asyncStorageWrites ? 'asynchronous' : 'synchronous'
    )
  }

  const stored = Array.from({ length: 10 }, (_, i) => entry(i + 1, 1, 'a'.repeat(900)))
  const before = node({ voters: [1], stored, commit: 10, applyBytesMax: 2048 })
  before.holdApplies = true
  before.take()
  t.same(
    before.applies.flatMap(({ entries }) => entries.map(({ index }) => index)),
    [1, 2]
  )
  before.take()
  t.equal(before.applies.length, 1, 'nothing more is handed out before the first page is applied')
  before.finishApplies()
  before.take()
  t.equal(before.applies[0]!.entries[0]!.index, 3)
  const after = before.restart()
  t.equal(after.raft.log.committed, 10, 'the commit does not go back')
  after.settle()
  t.same(
    after.applied.map(({ index }) => index),
    [3, 4, 5, 6, 7, 8, 9, 10]
  )
})

t.test('P13 a limit of bytes always lets one entry through', async t => {
  const list = entries(4, 4, 5, 6)
  const sizes = list.map(entrySize)
  const [first, second, third] = sizes as [number, number, number]
  const rows: [bytesMax: number, count: number][] = [
    [UNLIMITED, 3],
    [0, 1],
    [1, 1],
    [first, 1],
    [first + second - 1, 1],
    [first + second, 2],
    [first + second + third / 2, 2],
    [first + second + third - 1, 2],
    [first + second + third, 3]
  ]
  for (const [bytesMax, count] of rows)
    t.same(limitSize(list, bytesMax), list.slice(0, count), `${bytesMax} bytes`)
  t.same(limitSize([], 0), [])
  // Also across the border between what is stored and what is not.
  const { log } = node({ terms: [4, 5] }).raft
  log.append(entries(3, 6))
  const all = log.slice(1, 4, UNLIMITED)!
  for (let bytesMax = 0; bytesMax <= bytesOf(all) + 1; bytesMax++) {
    t.same(log.slice(1, 4, bytesMax), limitSize(all, bytesMax), `${bytesMax} bytes of both parts`)
  }
  const byCount = replicating(node({ messageEntriesMax: 2 }).becomeLeader(), 2)
  byCount.propose('a', 'b', 'c', 'd', 'e')
  t.same(
    only(byCount.take(), 'append', 2).map(({ entries }) => entries.length),
    [2]
  )
  t.same(
    only(ack(byCount, 2, 3), 'append', 2).map(({ entries }) => entries.length),
    [2, 1]
  )
})

t.test('P14 a limit of 0 is refused at the start', async t => {
  const limits: (keyof RaftDefaults)[] = [
    'electionTicks',
    'heartbeatTicks',
    'checkQuorumTicks',
    'messageBytesMax',
    'messageEntriesMax',
    'inflightMessagesMax',
    'inflightBytesMax',
    'uncommittedBytesMax',
    'applyBytesMax'
  ]
  for (const name of limits) {
    for (const value of [0, -1, 0.5, Number.NaN]) {
      t.throws(
        () => node({ [name]: value }),
        { name: 'InvariantError', message: new RegExp(name) },
        `${name} ${value}`
      )
    }
  }
  for (const [name, value] of Object.entries(RAFT_DEFAULTS)) {
    if (typeof value === 'number') t.ok(value >= 1, `${name} has a default`)
  }
})
