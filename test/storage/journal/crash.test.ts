import t from 'tap'
import { silentLogger } from '../../../src/kernel/index.js'
import type { GroupAppend, HardState, Journal, LogCheckpoint, LogEntry } from '../../../src/storage/index.js'
import { FaultyFileSystem, SeededRandom } from '../../../src/storage/testing.js'
import { allOf, entry, journalOn, part } from './fixture.js'

const GROUPS = [1, 2, 3]
const WRITES = 24

interface GroupModel {
  readonly log: readonly LogEntry[]
  readonly hardState: HardState | undefined
}

/** What each group must hold: what was confirmed, or that with the one batch that got no answer. */
class Model {
  readonly confirmed = new Map<number, GroupModel>()
  readonly unanswered = new Map<number, GroupModel>()
  readonly checkpoints = new Map<number, LogCheckpoint>()

  constructor() {
    for (const group of GROUPS) this.confirmed.set(group, { log: [], hardState: undefined })
  }

  send(batch: readonly GroupAppend[]): void {
    for (const { group, entries, hardState } of batch) {
      const first = entries[0]?.index ?? Number.POSITIVE_INFINITY
      const kept = this.confirmed.get(group)!.log.filter(({ index }) => index < first)
      this.unanswered.set(group, { log: [...kept, ...entries], hardState })
    }
  }

  answered(): void {
    for (const [group, model] of this.unanswered) this.confirmed.set(group, model)
    this.unanswered.clear()
  }

  /** Throws when the journal holds anything else; afterwards what it holds is the truth. */
  async compare(journal: Journal): Promise<void> {
    for (const group of GROUPS) {
      const choices = [this.confirmed.get(group)!, this.unanswered.get(group)].filter(
        model => model !== undefined
      )
      const checkpoint = this.checkpoints.get(group)?.index ?? 0
      const found = placeOf(await allOf(journal, group), journal.hardState(group))
      const commit = journal.hardState(group)?.commit ?? 0
      const choice = choices.find(
        ({ log, hardState }) =>
          found ===
            placeOf(
              log.filter(({ index }) => index > checkpoint),
              hardState
            ) &&
          // It may have been raised to the checkpoint when the record went to a newer file.
          commit >= (hardState?.commit ?? 0) &&
          commit <= Math.max(hardState?.commit ?? 0, checkpoint)
      )
      if (choice === undefined) {
        const wanted = choices.map(({ log, hardState }) =>
          placeOf(
            log.filter(({ index }) => index > checkpoint),
            hardState
          )
        )
        throw new Error(`group ${group} holds ${found}, wanted ${wanted.join(' or ')}`)
      }
      this.confirmed.set(group, choice)
    }
    this.unanswered.clear()
  }
}

function placeOf(log: readonly LogEntry[], hardState: HardState | undefined): string {
  const entries = log.map(({ index, term, data }) => `${index}@${term}:${data.length}:${data[0] ?? ''}`)
  return `${entries.join(' ')} | ${hardState?.term ?? 0}`
}

/** Appends, replaces suffixes, takes checkpoints, fills and recycles small files, until the disk dies. */
async function work(journal: Journal, model: Model, random: SeededRandom): Promise<void> {
  for (let n = 0; n < WRITES; n++) {
    const groups = GROUPS.filter(() => random.chance(0.6))
    const batch = groups.map(group => nextPart(model, group, random))
    model.send(batch)
    await journal.append(batch)
    model.answered()
    for (const group of groups) if (random.chance(0.3)) checkpoint(journal, model, group, random)
  }
}

function nextPart(model: Model, group: number, random: SeededRandom): GroupAppend {
  const { log } = model.confirmed.get(group)!
  const lowest = model.checkpoints.get(group)?.index ?? 0
  const last = log.at(-1)?.index ?? 0
  const term = (log.at(-1)?.term ?? 1) + (random.chance(0.2) ? 1 : 0)
  const replaced = random.chance(0.2) ? Math.min(random.below(4), last - lowest) : 0
  const first = last - replaced + 1
  const count = random.below(4)
  const entries = Array.from({ length: count }, (_, i) => entry(first + i, term, random.below(6000)))
  const commit = model.checkpoints.get(group)?.index ?? 0
  return { ...part(group, entries), hardState: { term, vote: 3, commit } }
}

/** Durable before the journal hears of it. */
function checkpoint(journal: Journal, model: Model, group: number, random: SeededRandom): void {
  const { log } = model.confirmed.get(group)!
  const contained = log[log.length - 1 - random.below(3)]
  if (contained === undefined || contained.index <= (model.checkpoints.get(group)?.index ?? 0)) return
  model.checkpoints.set(group, { index: contained.index, term: contained.term })
  journal.dropPrefix(group, { index: contained.index, term: contained.term })
}

const QUICK_SYNC = { limitMs: 1, now: () => 0, afterSends: () => Promise.resolve() }

async function openAndCompare(fs: FaultyFileSystem, model: Model): Promise<Journal> {
  const errors: string[] = []
  const fillBytes = fs.operations % 2 === 0 ? 0 : 7000
  const isQuick = fs.operations % 3 === 0
  const log = { ...silentLogger, error: (...words: unknown[]) => void errors.push(JSON.stringify(words)) }
  const journal = journalOn(fs.attach(), {
    reserveBytes: 2000,
    tailBytesMax: 20_000,
    fillBytes,
    log,
    ...(isQuick && { quickSync: QUICK_SYNC })
  })
  for (const { group, damage } of await journal.open(model.checkpoints)) {
    if (damage !== undefined) throw new Error(`group ${group}: ${damage}`)
  }
  // A power cut leaves a torn tail, and nothing that may pass for damage.
  if (errors.length > 0) throw new Error(`logged: ${errors}`)
  return journal
}

async function untilPowerIsGone(
  fs: FaultyFileSystem,
  operations: number,
  life: () => Promise<void>
): Promise<boolean> {
  fs.stopAfter(operations)
  const isDone = await life().then(
    () => true,
    (error: Error) => {
      if (error.name === 'CrashedError' || /crash|gone/.test(String(error.cause ?? ''))) return false
      throw error
    }
  )
  fs.crash()
  return isDone
}

t.test(
  'power cuts at every operation of append, file change, recycling and recovery',
  { timeout: 600_000 },
  async t => {
    const seeds = process.env.CI_FULL === '1' ? 100 : 6
    let lives = 0
    for (let seed = 1; seed <= seeds; seed++) {
      for (let operation = 1, isDone = false; !isDone; operation++) {
        const random = new SeededRandom(seed)
        const fs = new FaultyFileSystem({ seed: seed * 1000 + operation })
        const model = new Model()
        try {
          isDone = await untilPowerIsGone(fs, operation, async () =>
            work(await openAndCompare(fs, model), model, random)
          )
          // The next start dies early, within its recovery or soon after, and the one after that must cope with it.
          await untilPowerIsGone(fs, 1 + random.below(12), async () => {
            const journal = await openAndCompare(fs, model)
            await model.compare(journal)
            await work(journal, model, random)
          })
          const journal = await openAndCompare(fs, model)
          await model.compare(journal)
          await work(journal, model, random)
          await journal.close()
          const again = await openAndCompare(fs, model)
          await model.compare(again)
          await again.close()
          lives += 4
        } catch (error) {
          return t.fail(`seed ${seed}, operation ${operation}: ${(error as Error).stack}`)
        }
      }
    }
    t.ok(lives > seeds * 200, `${lives} lives`)
  }
)
