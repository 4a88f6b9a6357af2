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

  /** Undefined: not known, of a state that somebody stored without it; nothing is compared then. */
  constructor(public value: number | undefined) {}

  /** Where a log begins. */
  static atStart(entries: readonly Entry[]): number {
    return entries.reduce((value, entry) => next(value, entry), 0)
  }

  /** An entry is applied. False: the state differs from the leader's. */
  add(entry: Entry, stateDigest: (() => number) | undefined): boolean {
    if (this.value === undefined) return true
    this.value = next(this.value, entry)
    return entry.index % EVERY_ENTRIES !== 0 || this.#take(entry.index, this.value, stateDigest)
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
  reset(value: number | undefined): void {
    this.value = value
    this.#own = new Map()
    this.#expected = undefined
    this.newest = undefined
  }

  #take(index: Index, value: number, stateDigest: (() => number) | undefined): boolean {
    const digest = stateDigest === undefined ? value : (value ^ stateDigest()) >>> 0
    this.value = digest
    this.newest = { index, digest }
    this.#own.set(index, digest)
    if (this.#own.size > KEPT_MAX) {
      const [oldest] = this.#own.keys()
      this.#own.delete(oldest!)
    }
    const expected = this.#expected
    if (expected?.index !== index) return true
    this.#expected = undefined
    return this.#compare(digest, expected.digest)
  }

  #compare(own: number, digest: number): boolean {
    if (own === digest) return true
    this.mismatches++
    return false
  }
}

function next(value: number, { term, data }: Entry): number {
  return crc32(data, (value ^ term) >>> 0)
}
