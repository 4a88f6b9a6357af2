import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../support/repository.js'
import type { SeedRequest } from './run-set.js'

interface KeptSeed extends SeedRequest {
  /** What it came across. */
  readonly found: string
}

/** Seeds that once failed; they run before all others. */
export function keptSeeds(): readonly KeptSeed[] {
  return JSON.parse(readFileSync(join(repository, 'test/simulation/seeds.json'), 'utf8')) as KeptSeed[]
}
