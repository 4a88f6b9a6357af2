import { SeededRandom } from '../../../src/storage/testing.js'

/** One generator per concern, all from one seed: a new draw in one concern does not shift the draws of the others. */
export function randomFor(seed: number, concern: string): SeededRandom {
  let mixed = (seed ^ 0x9e3779b9) >>> 0
  for (let i = 0; i < concern.length; i++) {
    mixed = Math.imul(mixed ^ concern.charCodeAt(i), 0x01000193) >>> 0
    mixed ^= mixed >>> 15
  }
  return new SeededRandom(Math.imul(mixed, 0x85ebca6b) >>> 0)
}

export function pick<T>(random: SeededRandom, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!
}

/** An integer in [from, to]. */
export function between(random: SeededRandom, from: number, to: number): number {
  return from + random.below(to - from + 1)
}
