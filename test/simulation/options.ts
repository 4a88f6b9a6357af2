import { parseArgs } from 'node:util'
import { keptSeeds } from './kept-seeds.js'
import { STORAGES, type Storage } from './node/node-config.js'
import type { Level, SeedRequest } from './run-set.js'
import { FAULTS, type Fault } from './world/faults.js'
import { PROFILES, type Profile } from './world/profiles.js'

const LEVELS = ['core', 'node', 'mixed'] as const
/** Of the mixed level: a run of whole nodes takes about ten times as long. */
const NODE_EVERY = 8

export const USAGE = `npm run simulate -- [options]
  --seeds N       how many seeds (100)
  --seed S        the first of them (1); without it, the seeds kept in test/simulation/seeds.json run before
  --steps M       steps with faults per seed (600), each one tick of the nodes
  --level L       core: the consensus core with simulated disks
                  node: the product's driver, over a simulated disk, its journal, or its event store
                  mixed: one seed in ${NODE_EVERY} runs whole nodes (the default)
  --profile P     ${PROFILES.join(', ')}; by the seed when absent
  --storage S     of whole nodes: ${STORAGES.join(', ')}; by the seed when absent
  --without A,B   fault classes to leave out: ${FAULTS.join(', ')}
  --keep-going    does not stop at the first seed that fails
  --quiet         only failures and the sum
  --mutants       shows that planted faults are found; --seeds and --steps bound the search for each`

export interface RunOptions {
  readonly isHelp: boolean
  readonly huntsMutants: boolean
  readonly isQuiet: boolean
  readonly keepsGoing: boolean
  /** Whether enough of everything is to be expected. */
  readonly isSwarm: boolean
  readonly seeds: number
  readonly steps: number
  readonly requests: () => Iterable<SeedRequest>
}

export function readOptions(): RunOptions {
  const { values } = parseArgs({
    options: {
      level: { type: 'string', default: 'mixed' },
      seeds: { type: 'string', default: '100' },
      steps: { type: 'string', default: '600' },
      seed: { type: 'string' },
      profile: { type: 'string' },
      storage: { type: 'string' },
      without: { type: 'string', default: '' },
      quiet: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      mutants: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const seeds = count('seeds', values.seeds)
  const steps = count('steps', values.steps)
  const profile = chosen('profile', values.profile, PROFILES)
  const storage = chosen('storage', values.storage, STORAGES)
  const level = chosen('level', values.level, LEVELS)!
  const without = values.without.split(',').filter(name => name !== '')
  for (const name of without) chosen('without', name, FAULTS)
  const isSwarm = profile === undefined && storage === undefined && without.length === 0
  const first = values.seed === undefined ? 1 : count('seed', values.seed)
  const request = { steps, without: without as Fault[], ...only({ profile, storage }) }
  return {
    isHelp: values.help,
    huntsMutants: values.mutants,
    isQuiet: values.quiet,
    keepsGoing: values['keep-going'],
    isSwarm,
    seeds,
    steps,
    *requests() {
      if (values.seed === undefined && isSwarm) yield* keptOf(level)
      for (let seed = first; seed < first + seeds; seed++)
        yield { ...request, seed, level: levelOf(level, seed) }
    }
  }
}

function* keptOf(level: (typeof LEVELS)[number]): Iterable<SeedRequest> {
  for (const { found: _, ...request } of keptSeeds())
    if (level === 'mixed' || request.level === level) yield request
}

function levelOf(level: (typeof LEVELS)[number], seed: number): Level {
  if (level !== 'mixed') return level
  return seed % NODE_EVERY === 0 ? 'node' : 'core'
}

function only({ profile, storage }: { profile: Profile | undefined; storage: Storage | undefined }) {
  return { ...(profile === undefined ? {} : { profile }), ...(storage === undefined ? {} : { storage }) }
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new Error(`--${name} is a number, not ${text}`)
}

function chosen<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[]
): T | undefined {
  if (text === undefined || (choices as readonly string[]).includes(text)) return text as T | undefined
  throw new Error(`--${name} is one of ${choices.join(', ')}, not ${text}`)
}
