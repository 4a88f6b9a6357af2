import { hash } from 'node:crypto'

interface VirtualNode<M> {
  readonly hash: string
  readonly member: M
}

interface Share {
  readonly id: string
  readonly virtualNodes: number
}

/** More than this is no finer a weight, only memory: a load factor is a number that the client chooses freely. */
export const virtualNodesMax = 10_000

/**
 * Consistent hashing: a key belongs to the first virtual node at or after its hash. Every member has as many virtual nodes as
 * its weight, at the hashes of `<id> #0`, `<id> #1` and so on. Changes are gathered until somebody looks, because clients
 * register for hundreds of names at once.
 */
export class HashRing<M> {
  readonly #shares = new Map<M, Share>()
  /** By hash. */
  #ring: VirtualNode<M>[] = []
  readonly #added = new Set<M>()
  readonly #removed = new Set<M>()

  get size(): number {
    return this.#shares.size
  }

  has(member: M): boolean {
    return this.#shares.has(member)
  }

  members(): IterableIterator<M> {
    return this.#shares.keys()
  }

  /** Adds a member, or changes its weight. A weight of 0 or less makes it a member that no key belongs to. */
  set(member: M, id: string, weight: number): void {
    const virtualNodes = Math.max(0, Math.min(weight, virtualNodesMax))
    if (this.#shares.get(member)?.virtualNodes === virtualNodes) return
    this.delete(member)
    this.#shares.set(member, { id, virtualNodes })
    this.#added.add(member)
  }

  delete(member: M): boolean {
    if (!this.#shares.delete(member)) return false
    if (!this.#added.delete(member)) this.#removed.add(member)
    return true
  }

  /** The member that the key belongs to, among all or among some. */
  find(key: string, candidates?: ReadonlySet<M>): M | undefined {
    if (this.#added.size > 0 || this.#removed.size > 0) this.#rebuild()
    const ring = this.#ring
    const first = indexOf(ring, hashOf(key))
    for (let step = 0; step < ring.length; step++) {
      const { member } = ring[(first + step) % ring.length]!
      if (candidates === undefined || candidates.has(member)) return member
    }
    return undefined
  }

  #rebuild(): void {
    const kept =
      this.#removed.size === 0 ? this.#ring : this.#ring.filter(node => !this.#removed.has(node.member))
    const fresh: VirtualNode<M>[] = []
    for (const member of this.#added) {
      const { id, virtualNodes } = this.#shares.get(member)!
      for (let number = 0; number < virtualNodes; number++)
        fresh.push({ hash: hashOf(`${id} #${number}`), member })
    }
    fresh.sort((one, other) => (one.hash < other.hash ? -1 : 1))
    this.#ring = merge(fresh, kept)
    this.#added.clear()
    this.#removed.clear()
  }
}

function hashOf(text: string): string {
  return hash('md5', text, 'hex')
}

/** Index of the first virtual node at or after `hash`; the length if there is none. */
function indexOf(ring: readonly VirtualNode<unknown>[], hash: string): number {
  let low = 0
  let high = ring.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ring[middle]!.hash < hash) low = middle + 1
    else high = middle
  }
  return low
}

/** Of equal hashes the one in `first` comes first. */
function merge<M>(first: readonly VirtualNode<M>[], second: VirtualNode<M>[]): VirtualNode<M>[] {
  if (first.length === 0) return second
  const merged: VirtualNode<M>[] = []
  let at = 0
  for (const node of first) {
    while (at < second.length && second[at]!.hash < node.hash) merged.push(second[at++]!)
    merged.push(node)
  }
  while (at < second.length) merged.push(second[at++]!)
  return merged
}
