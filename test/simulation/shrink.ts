import { runSeed, type SeedRequest } from './run-set.js'
import { drawConfig } from './world/config.js'
import { FAULTS, type Fault } from './world/faults.js'

/** Takes fault classes away one at a time as long as the run still fails, then steps. */
export async function shrink(request: SeedRequest): Promise<SeedRequest> {
  return shorten(await withoutFaults(request))
}

async function withoutFaults(request: SeedRequest): Promise<SeedRequest> {
  let smallest = request
  const { faults } = drawConfig(request)
  for (const fault of FAULTS.filter(each => faults[each])) {
    const without: readonly Fault[] = [...(smallest.without ?? []), fault]
    const smaller = { ...smallest, without }
    if (await fails(smaller)) smallest = smaller
  }
  return smallest
}

async function shorten(request: SeedRequest): Promise<SeedRequest> {
  const { atTick } = await runSeed(request)
  const steps = Math.min(request.steps, Math.max(1, atTick + 1))
  for (const shorter of [Math.ceil(steps / 4), Math.ceil(steps / 2), steps]) {
    const smaller = { ...request, steps: shorter }
    if (await fails(smaller)) return smaller
  }
  return request
}

async function fails(request: SeedRequest): Promise<boolean> {
  return (await runSeed(request)).failure !== undefined
}

export function commandOf({ level, seed, steps, profile, storage, without }: SeedRequest): string {
  const parts = [`npm run simulate -- --level ${level} --seed ${seed} --seeds 1 --steps ${steps}`]
  if (profile !== undefined) parts.push(`--profile ${profile}`)
  if (storage !== undefined) parts.push(`--storage ${storage}`)
  if (without !== undefined && without.length > 0) parts.push(`--without ${without.join(',')}`)
  return parts.join(' ')
}
