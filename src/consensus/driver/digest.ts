import { crc32 } from 'node:zlib'
import type { Entry, Index } from '../core/index.js'

/** How often members compare. Part of the protocol: all members do it at the same indexes. */
const EVERY_ENTRIES = 10_000
const KEPT_MAX = 64

/**
 * A checksum chain over the applied log, taken at the same indexes by all members: a member whose log or state differs from the
 * leader's finds out, instead of giving other answers than its neighbours for ever.
 */
export class DigestChain {
  mismatches = 0
  newest: { readonly index: Index; readonly digest: number } | undefined
  #own = new Map<Index, number>()
  #expected: { readonly index: Index; readonly digest: number } | undefined

  constructor(public value: number) {}

  /** An entry is applied. False: the state differs from the leader's. */
  add({ index, term, data }: Entry, stateDigest: (() => number) | undefined): boolean {
    this.value = crc32(data, (this.value ^ term) >>> 0)
    return index % EVERY_ENTRIES !== 0 || this.#take(index, stateDigest)
  }

  /** The leader's newest. False: the state differs. What is not applied here yet is compared later. */
  expect(index: Index, digest: number): boolean {
    const own = this.#own.get(index)
    if (own !== undefined) return this.#compare(own, digest)
    const newestOwn = this.newest?.index ?? 0
    if (index > newestOwn && (this.#expected === undefined || this.#expected.index <= newestOwn)) {
      this.#expected = { index, digest }
    }
    return true
  }

  /** A state of another node was installed. */
  reset(value: number): void {
    this.value = value
    this.#own = new Map()
    this.#expected = undefined
    this.newest = undefined
  }

  #take(index: Index, stateDigest: (() => number) | undefined): boolean {
    if (stateDigest !== undefined) this.value = (this.value ^ stateDigest()) >>> 0
    this.newest = { index, digest: this.value }
    this.#own.set(index, this.value)
    if (this.#own.size > KEPT_MAX) {
      const [oldest] = this.#own.keys()
      this.#own.delete(oldest!)
    }
    const expected = this.#expected
    if (expected?.index !== index) return true
    this.#expected = undefined
    return this.#compare(this.value, expected.digest)
  }

  #compare(own: number, digest: number): boolean {
    if (own === digest) return true
    this.mismatches++
    return false
  }
}
