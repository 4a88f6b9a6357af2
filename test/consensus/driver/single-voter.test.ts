import t from 'tap'
import { Consensus, type ConsensusOptions, GroupFailedError } from '../../../src/consensus/index.js'
import { ManualClock, silentLogger } from '../../../src/kernel/index.js'
import { StorageBusyError, StorageFullError } from '../../../src/storage/index.js'
import { ServerError } from '../../../src/wire/index.js'
import { HeldLog } from './held-log.js'
import { Recorder } from './recorder.js'

const START = { index: 0, term: 0 }

function consensusOver(log: HeldLog, options: Partial<ConsensusOptions> = {}) {
  return new Consensus({
    node: 'node-1',
    log,
    clock: new ManualClock(),
    runtime: { defer: task => setImmediate(task) },
    random: () => 0.5,
    logger: silentLogger,
    onFatal: error => {
      throw error
    },
    ...options
  })
}

async function started(queueBytesMax = 1000, options: Partial<ConsensusOptions> = {}) {
  const log = new HeldLog()
  const clock = new ManualClock()
  const consensus = consensusOver(log, { clock, limits: { queueBytesMax }, ...options })
  await consensus.open(new Map())
  const machines = [new Recorder(), new Recorder()] as const
  await consensus.start(1, machines[0], START)
  await consensus.start(2, machines[1], START)
  log.appends.length = 0
  return { log, consensus, machines, clock }
}

const propose = (consensus: Consensus, group: number, text: string) =>
  consensus.propose(group, Buffer.from(text))

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    value => value,
    (error: unknown) => error
  )

const turn = () => new Promise(resolve => setImmediate(resolve))

t.test('the only member of a new group leads it after two writes', async t => {
  const log = new HeldLog()
  const consensus = consensusOver(log)
  await consensus.open(new Map())
  await consensus.start(1, new Recorder(), START)
  t.equal(log.appends.length, 2)
  t.match(consensus.status(1), { role: 'leader', leader: 'node-1', self: 1, commit: 2, applied: 2 })
  t.match(consensus.applied(1), {
    index: 2,
    membership: { self: 1, conf: { voters: [1] }, members: [{ id: 1, node: 'node-1', role: 'PRIMARY' }] }
  })
  t.same(
    log.appends.map(([part]) => part!.hardState.vote),
    [1, 1],
    'each write has the whole hard state'
  )
})

t.test('entries are applied once, in the order of the proposals, and answer their proposers', async t => {
  const { consensus, machines, log } = await started()
  const answers = await Promise.all(['a', 'b', 'c'].map(text => propose(consensus, 1, text)))
  t.same(answers, ['result of a', 'result of b', 'result of c'])
  t.same(machines[0].applied, ['a', 'b', 'c'])
  t.same(machines[0].indexes, [3, 4, 5])
  t.match(consensus.applied(1), { index: 5, term: 2 })
  t.same(consensus.applied(9), START)
  t.equal(log.appends.length, 1, 'what is proposed in one turn is one write')
})

t.test('while one batch syncs the next one collects, for all groups together', async t => {
  const { consensus, log, machines } = await started()
  log.hold()
  const first = propose(consensus, 1, 'a')
  await turn()
  const others = [propose(consensus, 2, 'b'), propose(consensus, 1, 'c'), propose(consensus, 2, 'd')]
  await turn()
  t.equal(log.held, 1, 'one write at a time')
  t.same(machines[0].applied, [], 'nothing is applied before it is synced')
  log.letGo()
  await first
  await turn()
  t.same(
    log.appends.map(batch => batch.map(({ group, entries }) => `${group}: ${entries.map(e => e.index)}`)),
    [['1: 3'], ['2: 3,4', '1: 4']]
  )
  log.letGo()
  await Promise.all(others)
  t.same(machines[0].applied, ['a', 'c'])
  t.same(machines[1].applied, ['b', 'd'])
  t.equal(log.underWayMost, 1)
})

t.test('a slow state machine does not hold the log up, and order is kept', async t => {
  const { consensus, log, machines } = await started()
  let release = () => {}
  machines[0].slow = new Promise(resolve => {
    release = resolve
  })
  const first = propose(consensus, 1, 'a')
  await turn()
  const second = propose(consensus, 1, 'b')
  await turn()
  t.equal(log.appends.length, 2, 'the second is written while the first waits')
  t.same(machines[0].applied, [])
  machines[0].slow = undefined
  release()
  await Promise.all([first, second])
  t.same(machines[0].applied, ['a', 'b'])
})

t.test(
  'a round that the state machine has not finished holds the next one back, and no other group',
  async t => {
    const { consensus, machines } = await started()
    let release = () => {}
    machines[0].slowRound = new Promise(resolve => {
      release = resolve
    })
    const first = await propose(consensus, 1, 'a')
    const second = propose(consensus, 1, 'b')
    await turn()
    t.equal(first, 'result of a')
    t.same(machines[0].applied, ['a'])
    t.equal(await propose(consensus, 2, 'neighbour'), 'result of neighbour')
    machines[0].slowRound = undefined
    release()
    t.equal(await second, 'result of b')
  }
)

t.test(
  'a full disk: proposers are told, new ones are refused, and it goes on when there is room',
  async t => {
    const { consensus, log, machines, clock } = await started()
    log.hold()
    const unknown = [propose(consensus, 1, 'a'), propose(consensus, 1, 'b')].map(outcome)
    await turn()
    const waiting = outcome(propose(consensus, 1, 'c'))
    log.refuse(new StorageFullError('the disk is full'))
    for (const error of await Promise.all(unknown)) {
      t.match(error, { code: 'AXONIQ-9100', message: /outcome unknown.*the disk is full/ })
    }
    t.match(await waiting, { code: 'AXONIQ-9100', message: /the disk is full/ })
    t.ok((await outcome(propose(consensus, 1, 'd'))) instanceof StorageFullError)
    t.equal(log.held, 0)
    clock.advance(250)
    t.equal(log.held, 1, 'it is tried again')
    log.refuse(new StorageFullError('the disk is full'))
    await turn()
    clock.advance(250)
    log.release()
    await turn()
    t.same(machines[0].applied, ['a', 'b', 'c'], 'what was in the log was kept')
    t.equal(await propose(consensus, 1, 'e'), 'result of e')
  }
)

t.test('a state machine that throws stops its own group, in words, and no other', async t => {
  const failed: unknown[] = []
  const { consensus, machines } = await started(1000, {
    events: { failed: (group, error) => failed.push([group, error.message]) }
  })
  machines[0].failsAt = 'bad'
  const results = await Promise.all([
    outcome(propose(consensus, 1, 'good')),
    outcome(propose(consensus, 1, 'bad')),
    outcome(propose(consensus, 1, 'behind')),
    outcome(propose(consensus, 2, 'neighbour'))
  ])
  t.equal(results[0], 'result of good')
  for (const error of [results[1], results[2], await outcome(propose(consensus, 1, 'later'))]) {
    t.ok(error instanceof GroupFailedError && error instanceof ServerError)
    t.match(error, {
      code: 'AXONIQ-9100',
      message: /group 1 has stopped at log index 4: bad can not be applied/
    })
  }
  t.equal(results[3], 'result of neighbour')
  t.equal(await propose(consensus, 2, 'more'), 'result of more')
  t.same(machines[0].applied, ['good'])
  t.match(consensus.applied(1), { index: 3 }, 'a checkpoint ends before what was not applied')
  t.match(consensus.status(1), { role: 'fatal', failure: /bad can not be applied/ })
  t.equal(failed.length, 1)
  t.equal(consensus.metrics.failedGroups, 1)
})

t.test('proposals over the bound of the queue are refused, and accepted again when it is empty', async t => {
  const { consensus, log } = await started(10)
  log.hold()
  const large = propose(consensus, 1, 'larger than the bound')
  t.match(await outcome(propose(consensus, 2, 'x')), {
    name: 'StorageBusyError',
    message: /try again later/
  })
  await turn()
  log.letGo()
  t.equal(await large, 'result of larger than the bound', 'the first one is never too large')
  const fits = [propose(consensus, 1, '12345'), propose(consensus, 2, '67890')]
  t.ok((await outcome(propose(consensus, 1, 'x'))) instanceof StorageBusyError)
  t.equal(consensus.queuedBytes, 10)
  await turn()
  log.release()
  await Promise.all(fits)
  t.equal(consensus.queuedBytes, 0)
  t.equal(await propose(consensus, 1, '1234567890'), 'result of 1234567890')
  t.equal(consensus.metrics.refusedProposals, 2)
})

t.test('a restart applies again what lies above the checkpoint, and goes on behind it', async t => {
  const { consensus, log } = await started()
  for (const text of ['aaaa', 'bbbb', 'cccc', 'a very long entry', 'ffff']) await propose(consensus, 1, text)
  const checkpoint = { ...consensus.applied(1), index: 3 }
  const disk = log.reopened()
  const again = consensusOver(disk, { limits: { loadBytesMax: 10, cacheBytesMax: 100_000 } })
  await again.open(new Map())
  disk.appends.length = 0
  const machine = new Recorder()
  await again.start(1, machine, checkpoint)
  t.same(machine.applied, ['bbbb', 'cccc', 'a very long entry', 'ffff'])
  t.ok(disk.reads.length > 2, 'in pieces')
  t.equal(disk.appends.length, 2, 'two writes')
  t.equal(await propose(again, 1, 'new'), 'result of new')
  t.equal(again.replayBytes, again.replayBytes)

  const failing = new Recorder()
  failing.failsAt = 'cccc'
  const third = consensusOver(log.reopened())
  await third.open(new Map())
  await t.rejects(third.start(1, failing, START), /stopped at log index 5/)
  t.match(await outcome(propose(third, 1, 'x')), /not running/)
})

t.test('what does not fit into memory is read again piece by piece', async t => {
  const { consensus, log } = await started(1_000_000)
  const texts = Array.from({ length: 50 }, (_, i) => `entry ${i} ${'x'.repeat(100)}`)
  await Promise.all(texts.map(text => propose(consensus, 1, text)))
  const disk = log.reopened()
  const again = consensusOver(disk, { limits: { loadBytesMax: 500, cacheBytesMax: 2000 } })
  await again.open(new Map())
  const machine = new Recorder()
  await again.start(1, machine, START)
  t.same(machine.applied, texts)
  t.ok(again.cache.bytes < 4000, `${again.cache.bytes} bytes in memory`)
  t.ok(again.cache.loads > 5)
})

t.test('a log without founding entries belongs to its node alone', async t => {
  const log = new HeldLog()
  const entries = ['a', 'b'].map((text, i) => ({ index: i + 1, term: 1, kind: 0, data: Buffer.from(text) }))
  await log.append([{ group: 1, entries, hardState: { term: 1, vote: 0, commit: 0 } }])
  const consensus = consensusOver(log)
  const machine = new Recorder()
  await consensus.start(1, machine, START)
  t.same(machine.applied, ['a', 'b'])
  t.match(consensus.status(1), { role: 'leader', self: 1 })
})

t.test('a removed group refuses what waits and what comes; its log is forgotten', async t => {
  const { consensus, log, machines } = await started()
  log.hold()
  const written = outcome(propose(consensus, 1, 'a'))
  await turn()
  const waiting = outcome(propose(consensus, 1, 'b'))
  consensus.remove(1)
  log.letGo()
  for (const error of [await waiting, await written, await outcome(propose(consensus, 1, 'c'))])
    t.match(error, { code: 'AXONIQ-9100', message: /removed|not running/ })
  t.same(log.removed, [1])
  t.same(machines[0].applied, [])
  log.release()
  consensus.checkpointed(2, { index: 2, term: 2 })
  t.equal(log.firstIndex(2), 3)
  t.equal(await propose(consensus, 2, 'goes on'), 'result of goes on')
})

t.test('close finishes what is under way and refuses what comes', async t => {
  const { consensus, log, machines } = await started()
  log.hold()
  const first = propose(consensus, 1, 'a')
  await turn()
  const second = propose(consensus, 1, 'b')
  const closing = consensus.close()
  t.match(await outcome(propose(consensus, 1, 'c')), { code: 'AXONIQ-9100', message: /not running/ })
  t.equal(log.closed, false)
  log.letGo()
  await first
  await turn()
  log.letGo()
  await closing
  t.equal(await second, 'result of b')
  t.same(machines[0].applied, ['a', 'b'])
  t.equal(log.closed, true)
})

t.test('a read of a group with one voter needs nobody, and sees what was committed before', async t => {
  const { consensus, log, machines } = await started()
  await consensus.readBarrier(1)
  log.hold()
  const first = propose(consensus, 1, 'a')
  await consensus.readBarrier(1)
  t.same(machines[0].applied, [], 'what is not committed is not waited for')
  log.release()
  await first
  await consensus.readBarrier(1)
  await t.rejects(consensus.readBarrier(9), /not running/)
})

t.test('a write that fails otherwise stops the groups that were in it', async t => {
  const { consensus, log } = await started()
  log.hold()
  const written = outcome(propose(consensus, 1, 'a'))
  await turn()
  log.refuse(new Error('the disk is gone'))
  t.match(await written, { code: 'AXONIQ-9100', message: /can not be written: the disk is gone/ })
  log.release()
  t.equal(await propose(consensus, 2, 'b'), 'result of b')
})
