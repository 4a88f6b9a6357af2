import t, { type Test } from 'tap'
import { Consensus } from '../../../src/consensus/index.js'
import { ManualClock, silentLogger } from '../../../src/kernel/index.js'
import { Journal } from '../../../src/storage/index.js'
import { FaultyFileSystem } from '../../../src/storage/testing.js'
import { Recorder } from './recorder.js'

class Node {
  readonly journal: Journal
  readonly consensus: Consensus
  readonly machines = [new Recorder(), new Recorder()] as const
  readonly fatal: unknown[] = []

  constructor(fs: FaultyFileSystem) {
    this.journal = new Journal({
      fs: fs.attach(),
      directory: '/log',
      log: silentLogger,
      fileBytes: 64 * 1024,
      batchBytesMax: 1024 * 1024,
      queueBytesMax: 4 * 1024 * 1024,
      reserveBytes: 16 * 1024,
      onFatal: error => this.fatal.push(error)
    })
    this.consensus = new Consensus({
      node: 'node-1',
      log: this.journal,
      clock: new ManualClock(),
      runtime: { defer: task => setImmediate(task) },
      random: () => 0.5,
      logger: silentLogger,
      onFatal: error => this.fatal.push(error)
    })
  }

  async start(): Promise<this> {
    await this.consensus.open(new Map())
    for (const group of [1, 2]) {
      await this.consensus.start(group, this.machines[group - 1]!, { index: 0, term: 0 })
    }
    return this
  }

  propose(group: number, text: string): Promise<unknown> {
    return this.consensus.propose(group, Buffer.from(text))
  }
}

function disk(t: Test, seed = 1): FaultyFileSystem {
  t.comment(`seed ${seed}`)
  return new FaultyFileSystem({ seed })
}

t.test('a group starts with two syncs, and many proposals share one', async t => {
  const node = await new Node(disk(t)).start()
  const { syncs } = node.journal.stats
  t.ok(syncs <= 4 + 1, `${syncs} syncs for two groups and the first file`)
  await Promise.all(Array.from({ length: 100 }, (_, i) => node.propose(1 + (i % 2), `${i}`)))
  t.equal(node.journal.stats.syncs, syncs + 1)
  t.equal(node.machines[0].applied.length, 50)
  await node.consensus.close()
})

t.test('after a power cut everything that was confirmed is applied again, in order', async t => {
  for (let seed = 1; seed <= 20; seed++) {
    const fs = disk(t, seed)
    const confirmed: string[] = []
    for (let life = 0; life < 4; life++) {
      const node = new Node(fs)
      fs.stopAfter(20 + seed * 3 + life * 11)
      try {
        await node.start()
        t.same(node.machines[0].applied.slice(0, confirmed.length), confirmed)
        confirmed.splice(0, confirmed.length, ...node.machines[0].applied)
        for (let i = 0; ; i++) {
          const text = `${life}.${i}`
          await node.propose(1, text)
          confirmed.push(text)
        }
      } catch {
        // The disk is dead.
      }
      fs.crash()
    }
    const last = await new Node(fs).start()
    t.same(last.machines[0].applied.slice(0, confirmed.length), confirmed, `seed ${seed}`)
    t.ok(last.consensus.status(1)!.term >= 2)
    await last.consensus.close()
  }
})

t.test('a sync that fails confirms nothing, and stops the groups', async t => {
  const fs = disk(t)
  const node = await new Node(fs).start()
  await node.propose(1, 'before')
  fs.stopAfter(1)
  await t.rejects(node.propose(1, 'lost'), { code: 'AXONIQ-9100' })
  t.equal(node.consensus.status(1)!.role, 'fatal')
  t.same(node.machines[0].applied, ['before'])
})
