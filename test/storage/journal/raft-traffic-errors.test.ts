import t from 'tap'
import { type Journal, StorageFullError } from '../../../src/storage/index.js'
import { FaultyFileSystem, type Operation, SeededRandom } from '../../../src/storage/testing.js'
import { journalOn, NO_CHECKPOINTS } from './fixture.js'
import { RaftGroupModel } from './raft-model.js'

function letGo(journal: Journal, model: RaftGroupModel): void {
  const checkpoint = model.takeCheckpoint()
  if (checkpoint !== undefined) journal.dropPrefix(model.group, checkpoint)
}

const ERRORS = {
  EIO: () => new Error('EIO: i/o error'),
  ENOSPC: () => new StorageFullError('ENOSPC: no space left on device')
} as const
const FAILING: readonly Operation[] = ['write', 'sync', 'open', 'rename', 'truncate', 'syncDirectory']

t.test(
  'EIO and ENOSPC at any operation: the node stops or refuses, and what was acknowledged is there after a power cut',
  { timeout: 300_000 },
  async t => {
    const outcomes = new Map<string, number>()
    const note = (words: string) => outcomes.set(words, (outcomes.get(words) ?? 0) + 1)
    for (const [name, makeError] of Object.entries(ERRORS)) {
      for (const failing of FAILING) {
        for (let nth = 1; nth <= 25; nth++) {
          const outcome = await failAt({ failing, nth, makeError }).catch((error: Error) => error)
          if (outcome instanceof Error) return t.fail(`${name} on ${failing} ${nth}: ${outcome.stack}`)
          note(`${name} ${failing}: ${outcome}`)
        }
      }
    }
    t.ok((outcomes.get('EIO write: stopped') ?? 0) >= 10, 'a failed write stops the node')
    t.ok((outcomes.get('EIO sync: stopped') ?? 0) >= 10, 'a failed sync stops the node')
    t.ok((outcomes.get('ENOSPC sync: stopped') ?? 0) >= 10, 'a sync that finds no room is a failed sync')
    t.equal(outcomes.get('ENOSPC write: stopped') ?? 0, 0, 'a full disk stops nobody')
    t.ok((outcomes.get('ENOSPC write: refused') ?? 0) >= 5, `a full disk refuses`)
    t.equal(outcomes.get('EIO sync: refused') ?? 0, 0, 'nobody tries a failed sync again')
  }
)

interface Failure {
  readonly failing: Operation
  readonly nth: number
  readonly makeError: () => Error
}

/** Traffic with one operation that fails, and all after it until the journal has answered; then a power cut. */
async function failAt({ failing, nth, makeError }: Failure): Promise<'stopped' | 'refused' | 'unharmed'> {
  const random = new SeededRandom(nth)
  const fs = new FaultyFileSystem({ seed: nth })
  const models = [1, 2, 3].map(group => new RaftGroupModel(group, random))
  const fatal: unknown[] = []
  const journal = journalOn(fs.attach(), { fileBytes: 16 * 1024, onFatal: error => void fatal.push(error) })
  await journal.open(NO_CHECKPOINTS)
  let seen = 0
  fs.injectFault(operation => (operation === failing && ++seen >= nth ? makeError() : undefined))
  let refused = 0
  for (let n = 0; n < 30; n++) {
    const parts = models.filter(() => random.chance(0.6)).map(model => model.next())
    try {
      await journal.append(parts.map(({ part }) => part))
      if (fatal.length > 0) throw new Error('acknowledged after a failure')
      for (const { confirm } of parts) confirm()
    } catch (error) {
      if ((error as Error).message === 'acknowledged after a failure') throw error
      refused++
      if (fatal.length > 0) continue
      for (const model of models) model.takeBack()
    }
    for (const model of models) if (random.chance(0.2)) letGo(journal, model)
  }
  const told = fatal.length
  if (told > 1) throw new Error(`told ${told} times`)
  fs.crash()
  const again = journalOn(fs.attach())
  const checkpoints = new Map(models.map(({ group, checkpoint }) => [group, checkpoint] as const))
  for (const { group, damage } of await again.open(checkpoints)) {
    if (damage !== undefined) throw new Error(`group ${group}: ${damage}`)
  }
  for (const model of models) {
    const difference = await model.differenceOf(again)
    if (difference !== undefined) throw new Error(difference)
  }
  if (told > 0) return 'stopped'
  return refused > 0 ? 'refused' : 'unharmed'
}
