import type { SeededRandom } from '../../../src/storage/testing.js'
import { pick } from './randoms.js'
import type { VirtualClock } from './virtual-clock.js'

export interface NetworkOptions {
  readonly clock: VirtualClock
  readonly random: SeededRandom
  /** In units of the clock. */
  readonly delayMin: number
  readonly delayMax: number
  readonly dropShare: number
  readonly duplicateShare: number
}

const PAIR = 1 << 16

export type PartitionKind = 'halves' | 'one' | 'leader' | 'leaderMinority' | 'ring' | 'oneWay'
export const PARTITIONS: readonly PartitionKind[] = [
  'halves',
  'one',
  'leader',
  'leaderMinority',
  'ring',
  'oneWay'
]

/** Loses, delays, doubles and reorders what goes from node to node; whole directions can be cut. */
export class SimulatedNetwork {
  readonly #cut = new Set<number>()
  readonly #cloggedUntil = new Map<number, number>()
  #isHealed = false

  constructor(private readonly options: NetworkOptions) {}

  get isCut(): boolean {
    return this.#cut.size > 0
  }

  send(from: number, to: number, deliver: () => void): void {
    const { random, dropShare, duplicateShare } = this.options
    if (this.isBlocked(from, to)) return
    if (!this.#isHealed && dropShare > 0 && random.chance(dropShare)) return
    this.#deliverLater(from, to, deliver)
    if (!this.#isHealed && duplicateShare > 0 && random.chance(duplicateShare)) {
      this.#deliverLater(from, to, deliver)
    }
  }

  isBlocked(from: number, to: number): boolean {
    const pair = from * PAIR + to
    if (this.#cut.size > 0 && this.#cut.has(pair)) return true
    if (this.#cloggedUntil.size === 0) return false
    return (this.#cloggedUntil.get(pair) ?? 0) > this.options.clock.now
  }

  clog(from: number, to: number, duration: number): void {
    this.#cloggedUntil.set(from * PAIR + to, this.options.clock.now + duration)
  }

  partition(kind: PartitionKind, nodes: readonly number[], leader: number | undefined): void {
    this.#cut.clear()
    const { random } = this.options
    const shuffled = shuffle(random, nodes)
    const first = leader ?? shuffled[0]!
    const others = shuffled.filter(id => id !== first)
    if (kind === 'ring') this.#cutAllButNeighbours(shuffled)
    else if (kind === 'oneWay') this.#cutFromTo([first], pick(random, [others, others.slice(0, 1)]))
    else if (kind === 'leader') this.#separate([first], others)
    else if (kind === 'one') this.#separate(shuffled.slice(0, 1), shuffled.slice(1))
    else {
      const size = Math.floor((nodes.length - 1) / 2)
      if (kind === 'halves') this.#separate(shuffled.slice(0, size + 1), shuffled.slice(size + 1))
      else
        this.#separate(
          [first, ...others.slice(0, Math.max(0, size - 1))],
          others.slice(Math.max(0, size - 1))
        )
    }
  }

  healCut(): void {
    this.#cut.clear()
  }

  /** Nothing is lost, doubled or cut from here on. */
  heal(): void {
    this.#cut.clear()
    this.#cloggedUntil.clear()
    this.#isHealed = true
  }

  #deliverLater(from: number, to: number, deliver: () => void): void {
    const { clock, random, delayMin, delayMax } = this.options
    const longest = this.#isHealed ? delayMin * 2 : delayMax
    // Most messages are quick: long delays for all would only make slow time.
    const spread = random.chance(0.8) ? Math.min(longest, delayMin * 3) : longest
    const delay = delayMin + Math.floor(random.next() * Math.max(0, spread - delayMin + 1))
    clock.after(delay, () => {
      if (!this.isBlocked(from, to)) deliver()
    })
  }

  #separate(some: readonly number[], others: readonly number[]): void {
    this.#cutFromTo(some, others)
    this.#cutFromTo(others, some)
  }

  #cutFromTo(some: readonly number[], others: readonly number[]): void {
    for (const from of some) for (const to of others) this.#cut.add(from * PAIR + to)
  }

  /** Everybody sees another majority. */
  #cutAllButNeighbours(ring: readonly number[]): void {
    ring.forEach((from, i) => {
      ring.forEach((to, j) => {
        const distance = Math.min(Math.abs(i - j), ring.length - Math.abs(i - j))
        if (distance > 1) this.#cut.add(from * PAIR + to)
      })
    })
  }
}

function shuffle<T>(random: SeededRandom, items: readonly T[]): T[] {
  const shuffled = [...items]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
  }
  return shuffled
}
