import t, { type Test } from 'tap'
import { keptSeeds } from './kept-seeds.js'
import { hunt } from './mutants/hunt.js'
import { MUTANTS } from './mutants/mutants.js'
import { type Level, RunSet, runSeed, type SeedRequest } from './run-set.js'
import { commandOf } from './shrink.js'

const IS_FULL = process.env.CI_FULL === '1'
/** Bounded by seeds, not by time: what was run can be said, and run again. */
const CORE_SEEDS = IS_FULL ? 1500 : 240
const NODE_SEEDS = IS_FULL ? 240 : 40
const CORE_STEPS = 600
const NODE_STEPS = 300
/** A few that nobody has run before. */
const NEW_SHARE = 0.1
const NEWEST_SEED = 2 ** 31

t.setTimeout(IS_FULL ? 1_800_000 : 600_000)

t.test('seeds that once failed keep every rule', async t => {
  for (const { found, ...request } of keptSeeds()) {
    const { failure } = await runSeed(request)
    t.equal(failure, undefined, `${commandOf(request)}: ${found}`)
  }
})

t.test('the core keeps every rule under faults, and comes to rest without them', t =>
  runMany(t, { level: 'core', seeds: CORE_SEEDS, steps: CORE_STEPS })
)

t.test('whole nodes keep every rule under faults, and come to rest without them', t =>
  runMany(t, { level: 'node', seeds: NODE_SEEDS, steps: NODE_STEPS })
)

t.test('the same seed gives the same run, to the last step', async t => {
  const requests: SeedRequest[] = [
    { level: 'core', seed: 11, steps: 300 },
    { level: 'core', seed: 12, steps: 300 },
    { level: 'core', seed: 13, steps: 300 },
    { level: 'node', seed: 21, steps: 150, storage: 'memory' },
    { level: 'node', seed: 22, steps: 150, storage: 'journal' },
    { level: 'node', seed: 23, steps: 150, storage: 'store' }
  ]
  for (const request of requests) {
    const first = await runSeed(request)
    const second = await runSeed(request)
    t.equal(first.hash, second.hash, commandOf(request))
  }
  t.not((await runSeed(requests[0]!)).hash, (await runSeed(requests[1]!)).hash)
})

t.test('planted faults of driver, journal and checkpoint are found', async t => {
  for (const mutant of MUTANTS) {
    const { foundBySeed, words } = await hunt(mutant, { seeds: 30, steps: 250 })
    t.not(foundBySeed, undefined, `${mutant.name}: ${mutant.words}: ${words}`)
  }
})

interface ManyRuns {
  readonly level: Level
  readonly seeds: number
  readonly steps: number
}

async function runMany(t: Test, { level, seeds, steps }: ManyRuns): Promise<void> {
  const set = new RunSet()
  const fixed = Math.floor(seeds * (1 - NEW_SHARE))
  const newFrom = Math.floor(process.hrtime()[1] % NEWEST_SEED)
  for (let i = 1; i <= seeds; i++) {
    const request = { level, steps, seed: i <= fixed ? i : newFrom + i }
    const { failure } = await set.run(request)
    if (failure !== undefined)
      t.fail(`${commandOf(request)}: ${failure instanceof Error ? failure.message : failure}`)
  }
  t.same(set.tooFew, [], 'enough of everything has happened')
  t.comment(`${set.runs} runs, ${set.steps} steps: ${JSON.stringify(set.totals)}`)
}
