import { runNode } from '../node/run-node.js'
import { drawConfig } from '../world/config.js'
import type { Mutant } from './mutant.js'

export interface HuntResult {
  /** Undefined: it survived. */
  readonly foundBySeed: number | undefined
  readonly seeds: number
  readonly words: string
}

/** Seeds one after the other until the planted fault is found. */
export async function hunt(
  mutant: Mutant,
  { seeds, steps }: { seeds: number; steps: number }
): Promise<HuntResult> {
  const { profile, storage } = mutant
  for (let seed = 1; seed <= seeds; seed++) {
    const { failure } = await runNode(drawConfig({ seed, steps, profile }), {
      storage,
      hooks: mutant.hooks()
    })
    if (failure !== undefined) return { foundBySeed: seed, seeds: seed, words: firstLine(failure) }
  }
  return { foundBySeed: undefined, seeds, words: 'nothing was found' }
}

function firstLine(failure: unknown): string {
  const text = failure instanceof Error ? failure.message : String(failure)
  return text.split('\n')[0]!
}
