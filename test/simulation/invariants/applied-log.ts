import type { ConfChange } from '../../../src/consensus/core/conf-change.js'
import type { ConfState, Entry, Index, NodeId } from '../../../src/consensus/core/types.js'
import { demand } from '../world/violation.js'
import { confKey, nextConf } from './conf-model.js'
import type { KnownLog } from './known-log.js'

interface KnownConf {
  readonly index: Index
  readonly conf: ConfState
  readonly key: string
}

/** What the state machines did: the same everywhere, in order, without gaps (S4, S9, S10). */
export class AppliedLog {
  /** Configuration changes that took effect. */
  changes = 0
  readonly #digests: (number | undefined)[] = []
  readonly #confs: KnownConf[] = []
  readonly #applied = new Map<NodeId, Index>()
  #highest: Index = 0

  constructor(private readonly known: KnownLog) {}

  beginAt(index: Index, conf: ConfState): void {
    this.#highest = index
    this.#confs.push({ index, conf, key: confKey(conf) })
  }

  get highest(): Index {
    return this.#highest
  }

  appliedBy(node: NodeId): Index {
    return this.#applied.get(node) ?? 0
  }

  /** The state of the node is now the one of this position: a start, or an installed snapshot. */
  loaded(node: NodeId, position: { index: Index; conf: ConfState; digest: number | undefined }): void {
    const { index, conf, digest } = position
    this.#applied.set(node, index)
    if (index === 0) return
    this.#checkDigest(node, index, digest)
    const known = this.#confAt(index)
    demand(known.key === confKey(conf), 'S9', () => {
      return `node ${node} starts at ${index} with ${confKey(conf)} instead of ${known.key}`
    })
  }

  /** True when no other node has applied this entry before. */
  applied(node: NodeId, { index, term }: Pick<Entry, 'index' | 'term'>, digest: number | undefined): boolean {
    const before = this.appliedBy(node)
    demand(index === before + 1, 'S4', () => `node ${node} applies ${index} after ${before}`)
    const committed = this.known.committedTerm(index)
    demand(
      committed === term,
      'S4',
      () => `node ${node} applies ${index} of term ${term}, committed is ${committed}`
    )
    this.#applied.set(node, index)
    this.#checkDigest(node, index, digest)
    if (index <= this.#highest) return false
    this.#highest = index
    return true
  }

  /** The same where the state machine sees only its own entries: those in between must be none. */
  appliedByMachine(node: NodeId, entry: Pick<Entry, 'index' | 'term'>, digest: number | undefined): boolean {
    const before = this.appliedBy(node)
    for (let index = before + 1; index < entry.index; index++) {
      demand(
        this.known.isSilent(index),
        'S4',
        () => `node ${node} applies ${entry.index} after ${before}, without ${index}`
      )
    }
    if (entry.index > before) this.#applied.set(node, entry.index - 1)
    return this.applied(node, entry, digest)
  }

  /** S9: a node's configuration is what its applied entries make of it. */
  configured(node: NodeId, index: Index, change: ConfChange, conf: ConfState): void {
    if (index <= this.known.beginning) return
    const last = this.#confs.at(-1)!
    if (index > last.index) {
      const next = nextConf(last.conf, change)
      this.#confs.push({ index, conf: next, key: confKey(next) })
      this.changes++
    }
    const known = this.#confAt(index)
    demand(known.key === confKey(conf), 'S9', () => {
      return `node ${node} has ${confKey(conf)} after entry ${index} instead of ${known.key}`
    })
  }

  #confAt(index: Index): KnownConf {
    for (let i = this.#confs.length - 1; i >= 0; i--) {
      if (this.#confs[i]!.index <= index) return this.#confs[i]!
    }
    return this.#confs[0]!
  }

  #checkDigest(node: NodeId, index: Index, digest: number | undefined): void {
    if (digest === undefined) return
    const known = this.#digests[index]
    if (known === undefined) this.#digests[index] = digest
    else demand(known === digest, 'S10', () => `node ${node} has another state than others at entry ${index}`)
  }
}
