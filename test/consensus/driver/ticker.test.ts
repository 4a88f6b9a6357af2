import t from 'tap'
import { Ticker } from '../../../src/consensus/driver/ticker.js'
import { TIMING_DEFAULTS, ticksOf } from '../../../src/consensus/driver/timing.js'
import { ConsensusMetrics } from '../../../src/consensus/index.js'
import { TestCluster } from './test-cluster.js'

function ticker() {
  const metrics = new ConsensusMetrics()
  const deferred: (() => void)[] = []
  let nowMs = 0
  const ticks: number[] = []
  const late: number[] = []
  const timers: (() => void)[] = []
  const subject = new Ticker({
    clock: {
      monotonicMs: () => nowMs,
      every: (_ms, task) => {
        timers.push(task)
        return { cancel: () => timers.splice(0) }
      }
    },
    runtime: { defer: task => deferred.push(task) },
    ticks: ticksOf(TIMING_DEFAULTS),
    timing: TIMING_DEFAULTS,
    metrics,
    tick: () => ticks.push(nowMs),
    late: () => late.push(nowMs)
  })
  subject.start()
  const pass = (ms: number) => {
    nowMs += ms
    for (const timer of timers) timer()
  }
  return { subject, metrics, late, deferred, ticks, pass }
}

t.test('a tick is a heartbeat or a fifth of an election timeout, between 10 and 100 ms', t => {
  const ticksFor = (heartbeatMs: number, minElectionMs: number, maxElectionMs: number) =>
    ticksOf({ ...TIMING_DEFAULTS, heartbeatMs, minElectionMs, maxElectionMs })
  t.same(ticksOf(TIMING_DEFAULTS), {
    tickMs: 100,
    electionTicks: 10,
    electionTicksMax: 25,
    heartbeatTicks: 3,
    checkQuorumTicks: 25
  })
  t.match(ticksFor(50, 150, 300), { tickMs: 30, electionTicks: 5, electionTicksMax: 10, heartbeatTicks: 1 })
  t.match(ticksFor(1, 1, 1), { tickMs: 10, electionTicks: 2, electionTicksMax: 2, heartbeatTicks: 1 })
  t.match(ticksFor(5000, 60_000, 60_000), { tickMs: 100, heartbeatTicks: 50, electionTicks: 600 })
  t.match(ticksFor(3000, 1000, 2500), { heartbeatTicks: 30, electionTicks: 31, electionTicksMax: 31 })
  t.end()
})

t.test('ticks follow the clock, not the timer', t => {
  const { ticks, pass } = ticker()
  for (let i = 0; i < 10; i++) pass(50)
  t.equal(ticks.length, 5)
  for (let i = 0; i < 10; i++) pass(70)
  t.equal(ticks.length, 12)
  t.end()
})

t.test('after a stall one tick comes, then the sockets are read, then the next one; most are left out', t => {
  const { ticks, pass, deferred, metrics, late } = ticker()
  pass(3000)
  t.equal(ticks.length, 1)
  t.equal(deferred.length, 1)
  t.equal(metrics.missedTicks, 25)
  t.equal(metrics.stalls, 1)
  t.equal(metrics.longestStallMs, 3000)
  t.same(late, [3000], 'leases end')
  deferred.shift()!()
  t.equal(ticks.length, 2)
  pass(50)
  t.equal(ticks.length, 2, 'the timer does not overtake what is deferred')
  while (deferred.length > 0) deferred.shift()!()
  t.equal(ticks.length, 5)
  t.end()
})

t.test('nothing ticks after a stop', t => {
  const { subject, ticks, pass, deferred } = ticker()
  pass(3000)
  subject.stop()
  deferred.shift()!()
  pass(1000)
  t.equal(ticks.length, 1)
  t.end()
})

t.test('a follower that stood still reads what its leader sent before it stands for election', async t => {
  const cluster = await TestCluster.start()
  const { term } = cluster.a.status
  const { b } = cluster
  // The others live on for 4 seconds; their messages to b wait in its sockets, and b's own timers do not run.
  const waiting: (() => void)[] = []
  cluster.network.filter = (from, to, message) => {
    if (to === 'b') waiting.push(() => cluster.network.receiver('b').received(from, [message]))
    return to !== 'b'
  }
  const frozen = cluster.freeze(b)
  await cluster.advance(4000)
  cluster.network.filter = () => true
  // Timers come first after a stall, then the sockets.
  frozen.thaw()
  for (const deliver of waiting) deliver()
  await cluster.advance(3000)
  t.equal(cluster.leader, cluster.a)
  t.equal(cluster.a.status.term, term)
  t.equal(b.status.leader, 'a')
})

t.test('initial-election-timeout is added to the first wait only', async t => {
  const cluster = await TestCluster.start({ options: { timing: { initialElectionMs: 5000 } } })
  cluster.crash(cluster.a)
  await cluster.until(() => cluster.leader !== undefined, 4000)
  t.ok(cluster.leader)
})
