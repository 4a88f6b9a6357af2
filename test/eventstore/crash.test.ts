import t from 'tap'
import { CrashingKeyValueStore, FaultyFileSystem, SeededRandom } from '../../src/storage/testing.js'
import { Event } from '../../src/wire/generated/event.js'
import { decodeMessage, ServerError } from '../../src/wire/index.js'
import { event, StoreFixture } from './store-fixture.js'

const SEEDS = process.env.CI_FULL === '1' ? 2000 : 150
const LIVES = 4
const AGGREGATES = 3

/** What clients were told, and what they still wait for. */
class Ledger {
  readonly confirmed = new Map<string, number>()
  /** Sequence numbers that were sent and never answered, per aggregate. */
  readonly unanswered = new Map<string, number>()

  next(aggregateId: string): number {
    return (this.confirmed.get(aggregateId) ?? -1) + 1
  }
}

for (const profile of ['append', 'small segments', 'checkpoints'] as const) {
  t.test(
    `power cuts at random operations lose nothing that was confirmed: ${profile}`,
    { timeout: 600_000 },
    async t => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        try {
          await runLives(seed, profile)
        } catch (error) {
          t.fail(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
          return
        }
      }
      t.pass(`${SEEDS} seeds, ${LIVES} lives each`)
    }
  )
}

async function runLives(seed: number, profile: string): Promise<void> {
  const random = new SeededRandom(seed)
  const fs = new FaultyFileSystem({ seed })
  const store = new CrashingKeyValueStore()
  const ledger = new Ledger()
  const options = {
    store,
    directory: '/data',
    journalFileBytes: 96 * 1024,
    event: { segmentBytesMax: profile === 'small segments' ? 3000 : 100_000 }
  }
  for (let life = 0; life < LIVES; life++) {
    fs.stopAfter(1 + random.below(profile === 'append' ? 60 : 200))
    try {
      const node = await StoreFixture.open({ ...options, fs: fs.attach() })
      await verify(node, ledger)
      await work(node, ledger, random, profile)
      await node.eventStore.close()
    } catch (error) {
      if (error instanceof ContradictionError) throw error
    }
    fs.crash()
    store.crash(random)
  }
  const node = await StoreFixture.open({ ...options, fs: fs.attach() })
  await verify(node, ledger)
  await node.eventStore.close()
}

/** Some clients at once, each for an aggregate of its own, until the disk dies. */
async function work(
  node: StoreFixture,
  ledger: Ledger,
  random: SeededRandom,
  profile: string
): Promise<void> {
  const clients = Array.from({ length: AGGREGATES }, async (_, i) => {
    const id = `aggregate-${i}`
    for (let n = 0; n < 40; n++) {
      const first = ledger.next(id)
      const count = 1 + random.below(3)
      ledger.unanswered.set(id, first + count - 1)
      const text = 'x'.repeat(random.below(profile === 'append' ? 2000 : 200))
      const events = Array.from({ length: count }, (_, k) => event(id, first + k, 1000, text))
      try {
        await node.store.append(events)
      } catch (error) {
        if (error instanceof ServerError && error.code === 'AXONIQ-2000') {
          throw new ContradictionError(`a free sequence number was refused: ${error.message}`)
        }
        return
      }
      ledger.unanswered.delete(id)
      ledger.confirmed.set(id, first + count - 1)
      if (profile !== 'append' && random.chance(0.1)) await node.eventStore.checkpointer.run().catch(() => {})
    }
  })
  await Promise.all(clients)
}

class ContradictionError extends Error {}

/** Every confirmed event is there once and in order; an unanswered transaction is there whole or not at all. */
async function verify(node: StoreFixture, ledger: Ledger): Promise<void> {
  const stream = await node.readStream()
  if (stream.length !== node.store.lastToken() + 1) throw new ContradictionError('tokens have gaps')
  const seen = new Map<string, number>()
  for (const bytes of stream) {
    const { aggregateIdentifier: id, aggregateSequenceNumber: sequence } = decodeMessage(Event, bytes)
    if (sequence !== (seen.get(id) ?? -1) + 1)
      throw new ContradictionError(`${id}: ${sequence} after ${seen.get(id)}`)
    seen.set(id, sequence)
  }
  for (let i = 0; i < AGGREGATES; i++) {
    const id = `aggregate-${i}`
    const confirmed = ledger.confirmed.get(id) ?? -1
    const stored = seen.get(id) ?? -1
    const unanswered = ledger.unanswered.get(id) ?? confirmed
    if (stored !== confirmed && stored !== unanswered) {
      throw new ContradictionError(`${id}: ${confirmed} confirmed, ${unanswered} sent, ${stored} stored`)
    }
    const aggregate = await node.readAggregate(id)
    if (aggregate.length !== stored + 1)
      throw new ContradictionError(`${id}: ${aggregate.length} of ${stored + 1} by index`)
    ledger.confirmed.set(id, stored)
    ledger.unanswered.delete(id)
  }
}
