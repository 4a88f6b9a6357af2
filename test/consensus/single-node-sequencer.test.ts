import t, { type Test } from 'tap'
import { GroupFailedError, SingleNodeSequencer } from '../../src/consensus/index.js'
import type { CommittedEntry, StateMachine } from '../../src/eventstore/index.js'
import { silentLogger } from '../../src/kernel/index.js'
import {
  type GroupAppend,
  type LogCheckpoint,
  type LogEntry,
  type LogStorage,
  StorageBusyError,
  StorageFullError
} from '../../src/storage/index.js'
import { ServerError } from '../../src/wire/index.js'

const START = { index: 0, term: 0 }

/** A log in memory whose writes end when the test says so. */
class HeldLog implements LogStorage {
  readonly batches: (readonly GroupAppend[])[] = []
  readonly reads: { readonly from: number; readonly count: number }[] = []
  readonly dropped: [number, LogCheckpoint][] = []
  readonly removed: number[] = []
  readonly #stored = new Map<number, LogEntry[]>()
  #held: { readonly write: () => void; readonly fail: (error: unknown) => void }[] = []
  #holds = false
  closed = false

  get held(): number {
    return this.#held.length
  }

  hold(): void {
    this.#holds = true
  }

  letGo(): void {
    for (const { write } of this.#held.splice(0)) write()
  }

  refuse(error: unknown): void {
    for (const { fail } of this.#held.splice(0)) fail(error)
  }

  open() {
    return Promise.resolve([
      { group: 1, hardState: { term: 1, vote: 0, commit: 0 }, firstIndex: 1, lastIndex: 0 },
      { group: 2, hardState: { term: 1, vote: 0, commit: 0 }, firstIndex: 1, lastIndex: 0, damage: 'words' }
    ])
  }

  append(batch: readonly GroupAppend[]): Promise<void> {
    this.batches.push(batch)
    const write = () => {
      for (const { group, entries } of batch) this.fill(group, entries)
    }
    if (!this.#holds) return Promise.resolve(write())
    return new Promise((resolve, reject) =>
      this.#held.push({
        write: () => {
          write()
          resolve()
        },
        fail: reject
      })
    )
  }

  fill(group: number, entries: readonly LogEntry[]): void {
    const stored = this.#stored.get(group) ?? []
    this.#stored.set(group, stored)
    for (const entry of entries) stored[entry.index - 1] = entry
  }

  entries(group: number, from: number, to: number, bytesMax: number): Promise<readonly LogEntry[]> {
    const found: LogEntry[] = []
    let bytes = 0
    for (const entry of this.#stored.get(group)!.slice(from - 1, to)) {
      bytes += entry.data.length
      if (found.length > 0 && bytes > bytesMax) break
      found.push(entry)
    }
    this.reads.push({ from, count: found.length })
    return Promise.resolve(found)
  }

  term(): number {
    return 1
  }

  firstIndex(): number {
    return 1
  }

  lastIndex(group: number): number {
    return this.#stored.get(group)?.length ?? 0
  }

  hardState(): undefined {}

  dropPrefix(group: number, checkpoint: LogCheckpoint): void {
    this.dropped.push([group, checkpoint])
  }

  removeGroup(group: number): void {
    this.removed.push(group)
  }

  readonly stats = { liveBytes: 42, batches: 0, syncs: 0, writtenBytes: 0, queuedBytes: 0 }

  close(): Promise<void> {
    this.closed = true
    return Promise.resolve()
  }
}

class Recorder implements StateMachine {
  readonly applied: string[] = []
  rounds = 0
  failsAt = ''
  slow: Promise<void> | undefined

  prepare(): Promise<void> | undefined {
    return this.slow
  }

  apply(entry: CommittedEntry): string {
    const text = entry.data.toString()
    if (text === this.failsAt) throw new Error(`${text} can not be applied`)
    this.applied.push(`${entry.index}:${text}`)
    return `result of ${text}`
  }

  endRound(): Promise<void> | undefined {
    this.rounds++
    return undefined
  }
}

async function started(_t: Test, queueBytesMax = 1000) {
  const log = new HeldLog()
  const sequencer = new SingleNodeSequencer({
    log,
    logger: silentLogger,
    queueBytesMax,
    replayBytesMax: 10
  })
  const machines = [new Recorder(), new Recorder()] as const
  await sequencer.start(1, machines[0], START)
  await sequencer.start(2, machines[1], START)
  return { log, sequencer, machines }
}

const propose = (sequencer: SingleNodeSequencer, group: number, text: string) =>
  sequencer.propose(group, Buffer.from(text))

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    value => value,
    (error: unknown) => error
  )

const turn = () => new Promise(resolve => setImmediate(resolve))

t.test('entries are applied once, in the order of the proposals, and answer their proposers', async t => {
  const { sequencer, machines, log } = await started(t)
  const answers = await Promise.all(['a', 'b', 'c'].map(text => propose(sequencer, 1, text)))
  t.same(answers, ['result of a', 'result of b', 'result of c'])
  t.same(machines[0].applied, ['1:a', '2:b', '3:c'])
  t.same(sequencer.applied(1), { index: 3, term: 1 })
  t.same(sequencer.applied(9), START)
  t.equal(log.batches.length, 1, 'what is proposed in one turn is one write')
})

t.test('while one batch syncs the next one collects, for all groups together', async t => {
  const { sequencer, log, machines } = await started(t)
  log.hold()
  const first = propose(sequencer, 1, 'a')
  await turn()
  const others = [propose(sequencer, 2, 'b'), propose(sequencer, 1, 'c'), propose(sequencer, 2, 'd')]
  await turn()
  t.equal(log.held, 1, 'one write at a time')
  t.same(machines[0].applied, [], 'nothing is applied before it is synced')
  log.letGo()
  await first
  await turn()
  t.same(
    log.batches.map(batch => batch.map(({ group, entries }) => `${group}: ${entries.map(e => e.index)}`)),
    [['1: 1'], ['2: 1,2', '1: 2']]
  )
  log.letGo()
  await Promise.all(others)
  t.same(machines[0].applied, ['1:a', '2:c'])
  t.same(machines[1].applied, ['1:b', '2:d'])
})

t.test('a slow state machine does not hold the log up, and order is kept', async t => {
  const { sequencer, log, machines } = await started(t)
  let release = () => {}
  machines[0].slow = new Promise(resolve => {
    release = resolve
  })
  const first = propose(sequencer, 1, 'a')
  await turn()
  const second = propose(sequencer, 1, 'b')
  await turn()
  t.equal(log.batches.length, 2, 'the second is written while the first waits')
  t.same(machines[0].applied, [])
  machines[0].slow = undefined
  release()
  await Promise.all([first, second])
  t.same(machines[0].applied, ['1:a', '2:b'])
})

t.test('a batch that is refused tells its proposers and gives its indexes back', async t => {
  const { sequencer, log, machines } = await started(t)
  log.hold()
  const refused = [propose(sequencer, 1, 'a'), propose(sequencer, 1, 'b')].map(outcome)
  await turn()
  const waiting = propose(sequencer, 1, 'c')
  log.refuse(new StorageFullError('the disk is full'))
  for (const error of await Promise.all(refused)) t.ok(error instanceof StorageFullError)
  await turn()
  log.letGo()
  t.equal(await waiting, 'result of c')
  t.same(machines[0].applied, ['1:c'])
})

t.test('a state machine that throws stops its own group, in words, and no other', async t => {
  const { sequencer, machines } = await started(t)
  machines[0].failsAt = 'bad'
  const results = await Promise.all([
    outcome(propose(sequencer, 1, 'good')),
    outcome(propose(sequencer, 1, 'bad')),
    outcome(propose(sequencer, 1, 'behind')),
    outcome(propose(sequencer, 2, 'neighbour'))
  ])
  t.equal(results[0], 'result of good')
  for (const error of [results[1], results[2], await outcome(propose(sequencer, 1, 'later'))]) {
    t.ok(error instanceof GroupFailedError && error instanceof ServerError)
    t.match(error, {
      code: 'AXONIQ-9100',
      message: /group 1 has stopped at log index 2: bad can not be applied/
    })
  }
  t.equal(results[3], 'result of neighbour')
  t.equal(await propose(sequencer, 2, 'more'), 'result of more')
  t.same(machines[0].applied, ['1:good'])
  t.same(sequencer.applied(1), { index: 1, term: 1 }, 'a checkpoint ends before what was not applied')
})

t.test('proposals over the bound of the queue are refused, and accepted again when it is empty', async t => {
  const { sequencer, log } = await started(t, 10)
  log.hold()
  const large = propose(sequencer, 1, 'larger than the bound')
  t.match(await outcome(propose(sequencer, 2, 'x')), { name: 'StorageBusyError', message: /try again later/ })
  await turn()
  log.letGo()
  t.equal(await large, 'result of larger than the bound', 'the first one is never too large')
  const fits = [propose(sequencer, 1, '12345'), propose(sequencer, 2, '67890')]
  t.ok((await outcome(propose(sequencer, 1, 'x'))) instanceof StorageBusyError)
  await turn()
  log.refuse(new StorageFullError('full'))
  await Promise.all(fits.map(outcome))
  const again = propose(sequencer, 1, '1234567890')
  await turn()
  log.letGo()
  t.equal(await again, 'result of 1234567890', 'a refused batch leaves the queue, too')
})

t.test('a start replays in pieces what lies above the checkpoint, and goes on behind it', async t => {
  const log = new HeldLog()
  const data = ['aaaa', 'bbbb', 'cccc', 'dddd', 'a very long entry', 'ffff']
  log.fill(
    1,
    data.map((text, i) => ({ index: i + 1, term: 1, kind: 0, data: Buffer.from(text) }))
  )
  const sequencer = new SingleNodeSequencer({
    log,
    logger: silentLogger,
    queueBytesMax: 100,
    replayBytesMax: 10
  })
  const opened = await sequencer.open(new Map())
  t.same(opened, [
    { group: 1, lastIndex: 0 },
    { group: 2, lastIndex: 0, damage: 'words' }
  ])
  const machine = new Recorder()
  await sequencer.start(1, machine, { index: 1, term: 1 })
  t.same(machine.applied, ['2:bbbb', '3:cccc', '4:dddd', '5:a very long entry', '6:ffff'])
  t.same(log.reads, [
    { from: 2, count: 2 },
    { from: 4, count: 1 },
    { from: 5, count: 1 },
    { from: 6, count: 1 }
  ])
  t.equal(machine.rounds, 4, 'the machine may catch up with its disk after each piece')
  t.equal(await propose(sequencer, 1, 'new'), 'result of new')
  t.equal(machine.applied.at(-1), '7:new')
  t.equal(sequencer.replayBytes, 42)

  const failing = new Recorder()
  failing.failsAt = 'cccc'
  await t.rejects(sequencer.start(1, failing, START), /stopped at log index 3/)
})

t.test('a removed group refuses what waits and what comes; its log is forgotten', async t => {
  const { sequencer, log, machines } = await started(t)
  log.hold()
  const written = outcome(propose(sequencer, 1, 'a'))
  await turn()
  const waiting = outcome(propose(sequencer, 1, 'b'))
  sequencer.remove(1)
  log.letGo()
  for (const error of [await waiting, await written, await outcome(propose(sequencer, 1, 'c'))])
    t.match(error, { code: 'AXONIQ-9100', message: /removed|not running/ })
  t.same(log.removed, [1])
  t.same(machines[0].applied, [])
  sequencer.checkpointed(2, { index: 5, term: 1 })
  t.same(log.dropped, [[2, { index: 5, term: 1 }]])
})

t.test('close finishes what is under way and refuses what comes', async t => {
  const { sequencer, log, machines } = await started(t)
  log.hold()
  const first = propose(sequencer, 1, 'a')
  await turn()
  const second = propose(sequencer, 1, 'b')
  const closing = sequencer.close()
  t.match(await outcome(propose(sequencer, 1, 'c')), { code: 'AXONIQ-9100', message: /not running/ })
  t.equal(log.closed, false)
  log.letGo()
  await first
  await turn()
  log.letGo()
  await closing
  t.equal(await second, 'result of b')
  t.same(machines[0].applied, ['1:a', '2:b'])
  t.equal(log.closed, true)
})
