import t from 'tap'
import { effectsBetween } from '../../src/cluster/context-catalogue.js'
import { Contexts } from '../../src/cluster/index.js'
import {
  type CommittedEntry,
  EventStore,
  type LogPosition,
  type Sequencer,
  type StateMachine
} from '../../src/eventstore/index.js'
import { ManualClock, silentLogger } from '../../src/kernel/index.js'
import { CrashingKeyValueStore, FaultyFileSystem, SeededRandom } from '../../src/storage/testing.js'

const ADMIN = 0

/** Groups that agree with themselves at once; what happened is kept outside, as in a log. */
class LoneSequencer implements Sequencer {
  readonly replayBytes = 0
  readonly machines = new Map<number, StateMachine>()
  readonly positions = new Map<number, LogPosition>()

  async open() {
    return []
  }
  async start(group: number, machine: StateMachine, applied: LogPosition): Promise<void> {
    this.machines.set(group, machine)
    this.positions.set(group, applied)
  }
  async propose(group: number, data: Buffer): Promise<unknown> {
    const machine = this.machines.get(group)!
    const entry: CommittedEntry = { index: this.applied(group).index + 1, term: 1, data }
    await machine.prepare(data)
    const result = machine.apply(entry)
    this.positions.set(group, { index: entry.index, term: entry.term })
    await machine.endRound()
    return result
  }
  remove(group: number): void {
    this.machines.delete(group)
  }
  checkpointed(): void {}
  applied(group: number): LogPosition {
    return this.positions.get(group) ?? { index: 0, term: 0 }
  }
  async close(): Promise<void> {}
}

class Node {
  readonly sequencer = new LoneSequencer()
  readonly eventStore: EventStore
  readonly contexts: Contexts
  readonly closedHandlers: string[] = []

  constructor(fs: FaultyFileSystem, store: CrashingKeyValueStore) {
    const ports = {
      fs: fs.attach(),
      store,
      sequencer: this.sequencer,
      clock: new ManualClock(),
      log: silentLogger
    }
    this.eventStore = new EventStore(
      {
        directory: '/events',
        suffix: '.events',
        segmentBytesMax: 8 * 1024,
        tailBytesMax: 16 * 1024,
        readCacheBytesMax: 64 * 1024,
        unwrittenBytesMax: 1024 * 1024,
        limits: { eventsMax: 100, transactionBytesMax: 64 * 1024 },
        tracker: { newPermitsTimeoutMs: 1000, blacklistedSendAfter: 10 },
        checkSnapshotSequence: true,
        checkpointIntervalMs: 5000,
        replayBytesMax: 64 * 1024,
        freeBytesMin: 0,
        otherDirectories: []
      },
      { ...ports, randomId: () => 'id', onFatal: () => {} }
    )
    this.contexts = new Contexts({
      nodeName: 'a',
      eventStore: this.eventStore,
      sequencer: this.sequencer,
      messaging: { closeContext: name => this.closedHandlers.push(name) },
      log: silentLogger
    })
  }

  static async open(
    fs = new FaultyFileSystem({ seed: 1 }),
    store = new CrashingKeyValueStore()
  ): Promise<Node> {
    const node = new Node(fs, store)
    await node.contexts.open()
    return node
  }

  get transfer() {
    return this.sequencer.machines.get(ADMIN)!.transfer!
  }

  get names(): string[] {
    return this.contexts.list().map(({ context }) => context)
  }
}

async function move(from: Node, to: Node): Promise<void> {
  const source = await from.transfer.openSource()
  const sink = await to.transfer.openSink()
  const have = await sink.begin(source.manifest)
  for await (const piece of source.pieces(have)) await sink.write(piece)
  await sink.commit(source.position)
  to.sequencer.positions.set(ADMIN, source.position)
  source.release()
}

async function settled(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await new Promise(resolve => setImmediate(resolve))
}

t.test('a node takes the catalogue of a peer, opens what is new and closes what is gone', async t => {
  const leader = await Node.open()
  await leader.contexts.initialise(['default', 'gone', 'purged'])
  const fs = new FaultyFileSystem({ seed: 1 })
  const store = new CrashingKeyValueStore()
  const behind = await Node.open(fs, store)
  await move(leader, behind)
  await settled(() => behind.contexts.exists('purged'))
  t.same(behind.names, leader.names)
  const before = behind.eventStore.get('purged')
  await leader.contexts.delete('gone')
  await leader.contexts.purge('purged')
  await leader.contexts.create({ context: 'new' })
  await leader.eventStore.checkpointer.run()
  await move(leader, behind)
  await settled(() => behind.contexts.exists('new') && behind.eventStore.get('purged') !== before)
  t.same(behind.names, ['_admin', 'default', 'new', 'purged'])
  t.equal(behind.contexts.exists('gone'), false)
  t.same(behind.closedHandlers, ['gone'], 'handlers of a purged context stay')
  t.not(behind.eventStore.get('purged'), before)
  fs.crash()
  store.crash(new SeededRandom(1))
  const restarted = await Node.open(fs, store)
  t.same(restarted.names, behind.names, 'durable when the commit is')
  t.equal(restarted.sequencer.applied(ADMIN).index, leader.sequencer.applied(ADMIN).index)
  await restarted.eventStore.close()
  await leader.eventStore.close()
})

t.test('a node that was new is initialised by a catalogue without contexts', async t => {
  const leader = await Node.open()
  await leader.contexts.initialise([])
  const fresh = await Node.open()
  t.equal(fresh.contexts.exists('_admin'), false)
  await move(leader, fresh)
  await settled(() => fresh.contexts.exists('_admin'))
  t.equal(fresh.contexts.exists('_admin'), true)
  t.same(fresh.names, ['_admin'])
})

t.test('what does not arrive whole changes nothing', async t => {
  const leader = await Node.open()
  await t.rejects(leader.transfer.openSource(), { code: 'AXONIQ-7000' })
  await leader.contexts.initialise(['default'])
  const behind = await Node.open()
  const source = await leader.transfer.openSource()
  const sink = await behind.transfer.openSink()
  await t.rejects(behind.transfer.openSink(), { code: 'AXONIQ-1900' })
  await sink.begin(source.manifest)
  await t.rejects(sink.commit(source.position), { code: 'AXONIQ-2200' })
  await t.rejects(sink.write(Buffer.alloc(100_000)), { code: 'AXONIQ-2200' })
  await t.rejects(sink.begin(Buffer.from('{"bytes":1e9}')), { code: 'AXONIQ-2200' })
  await sink.abort()
  t.same(behind.names, [])
  await move(leader, behind)
  t.same(behind.names, ['_admin', 'default'])
})

t.test('the effects between two catalogues', async t => {
  const record = (name: string, contextId: number) => ({
    name,
    contextId,
    group: contextId,
    directory: name,
    replicationGroup: name,
    metaData: {}
  })
  const [a, b, b2, c] = [record('a', 1), record('b', 2), record('b', 4), record('c', 3)]
  t.same(effectsBetween([a, b], [a, b2, c]), [{ removed: b }, { added: b2 }, { added: c }])
  t.same(effectsBetween([a], [a]), [])
})
