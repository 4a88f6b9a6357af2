import { hunt } from './mutants/hunt.js'
import { MUTANTS } from './mutants/mutants.js'
import { type RunOptions, readOptions, USAGE } from './options.js'
import { reportFailure } from './report.js'
import { RunSet } from './run-set.js'

/** From so many runs on, enough of everything has to have happened. */
const SWARM_RUNS_MIN = 20

async function main(): Promise<number> {
  const options = readOptions()
  if (options.isHelp) {
    console.log(USAGE)
    return 0
  }
  return options.huntsMutants ? huntAll(options) : simulate(options)
}

async function simulate(options: RunOptions): Promise<number> {
  const set = new RunSet()
  const startedMs = performance.now()
  for (const request of options.requests()) {
    const result = await set.run(request)
    if (!options.isQuiet) console.log(`${request.level} seed ${request.seed}: ${result.hash}`)
    if (result.failure === undefined) continue
    await reportFailure(request, result, options.isQuiet)
    if (!options.keepsGoing) break
  }
  return summarize(set, options, performance.now() - startedMs)
}

function summarize(set: RunSet, { isSwarm }: RunOptions, durationMs: number): number {
  const { runs, steps, totals, failed } = set
  const counts = Object.entries(totals).map(([name, count]) => `${count} ${name}`)
  const perSecond = Math.round(steps / (durationMs / 1000))
  console.log(`${runs} runs, ${steps} steps (${perSecond}/s): ${counts.join(', ')}; ${failed} failed`)
  const tooFew = isSwarm && failed === 0 && runs >= SWARM_RUNS_MIN ? set.tooFew : []
  for (const words of tooFew) console.log(`too few: ${words}`)
  return failed + tooFew.length > 0 ? 1 : 0
}

async function huntAll(options: RunOptions): Promise<number> {
  let survivors = 0
  for (const mutant of MUTANTS) {
    const { foundBySeed, seeds, words } = await hunt(mutant, options)
    const verdict = foundBySeed === undefined ? `SURVIVED ${seeds} seeds` : `found by seed ${foundBySeed}`
    console.log(`${mutant.name}: ${mutant.words}\n  ${verdict}: ${words}`)
    if (foundBySeed === undefined) survivors++
  }
  console.log(`${MUTANTS.length - survivors} of ${MUTANTS.length} planted faults were found`)
  return survivors === 0 ? 0 : 1
}

process.exitCode = await main()
