import { parseArgs } from 'node:util'
import { reportFailure } from './report.js'
import { LEVELS, type Level, RunSet, type SeedRequest } from './run-set.js'
import { FAULTS, type Fault } from './world/faults.js'
import { PROFILES, type Profile } from './world/profiles.js'

const USAGE = `npm run simulate -- [--level ${LEVELS.join('|')}] [--seeds N] [--steps M] [--seed S] [--profile P] [--without fault,fault]
  --level     core: the consensus core with simulated disks
  --seeds     how many seeds (100), from --seed (1) on
  --steps     ticks with faults per seed (600)
  --profile   ${PROFILES.join(', ')}; by the seed when absent
  --without   fault classes to leave out: ${FAULTS.join(', ')}
  --quiet     one line at the end
  --trace     what the nodes do, in words
  --keep-going  does not stop at the first failing seed`

const { values } = parseArgs({
  options: {
    level: { type: 'string', default: 'core' },
    seeds: { type: 'string', default: '100' },
    steps: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string' },
    without: { type: 'string', default: '' },
    quiet: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const set = new RunSet()
  const startedMs = performance.now()
  for (const request of requests()) {
    const result = await set.run(request)
    if (!values.quiet) console.log(`seed ${request.seed}: ${result.hash}`)
    if (result.failure === undefined) continue
    await reportFailure(request, result, values.quiet)
    if (!values['keep-going']) break
  }
  return summarize(set, performance.now() - startedMs)
}

function* requests(): Iterable<SeedRequest> {
  const from = number('seed')
  const without = values.without.split(',').filter(name => name !== '')
  for (const name of without) if (!(FAULTS as readonly string[]).includes(name)) throw new Error(`no fault is called ${name}`)
  for (let seed = from; seed < from + number('seeds'); seed++) {
    yield {
      level: choice('level', LEVELS) as Level,
      seed,
      steps: number('steps'),
      without: without as Fault[],
      ...(values.profile === undefined ? {} : { profile: choice('profile', PROFILES) as Profile })
    }
  }
}

function number(name: 'seed' | 'seeds' | 'steps'): number {
  const value = Number(values[name])
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a number`)
  return value
}

function choice(name: 'level' | 'profile', choices: readonly string[]): string {
  const value = values[name]!
  if (!choices.includes(value)) throw new Error(`--${name} must be one of ${choices.join(', ')}`)
  return value
}

function summarize(set: RunSet, durationMs: number): number {
  const { runs, steps, totals, failures } = set
  const counts = Object.entries(totals).map(([name, count]) => `${count} ${name}`)
  const perSecond = Math.round(steps / (durationMs / 1000))
  console.log(`${runs} runs, ${steps} steps (${perSecond}/s): ${counts.join(', ')}; ${failures.length} failed`)
  const tooFew = runs >= 20 && values.profile === undefined && values.without === '' ? set.tooFew : []
  for (const words of tooFew) console.log(`too few: ${words}`)
  return failures.length + tooFew.length > 0 ? 1 : 0
}

process.exitCode = await main()
