import { invariant } from './invariant.js'
import type { Index, NodeId } from './types.js'

export interface ReadRequest {
  readonly sequence: number
  /** What was committed when the request came. */
  readonly index: Index
  readonly from: NodeId
  readonly context: number
}

/**
 * Reads that wait until a quorum confirms that this node still was the leader when they came (Raft dissertation §6.4). Numbered per
 * term: a peer's answer confirms all requests up to the number that it saw, and can't be taken for the answer to a later one.
 */
export class ReadQueue {
  #requests: ReadRequest[] = []
  #lastSequence = 0
  readonly #confirmed = new Map<NodeId, number>()

  get lastSequence(): number {
    return this.#lastSequence
  }

  get length(): number {
    return this.#requests.length
  }

  /** A number for a round of heartbeats that nobody waits for. */
  startRound(): number {
    return ++this.#lastSequence
  }

  add(index: Index, from: NodeId, context: number): void {
    this.#requests.push({ sequence: ++this.#lastSequence, index, from, context })
  }

  confirm(peer: NodeId, sequence: number): void {
    invariant(sequence <= this.#lastSequence, () => `read ${sequence} was never asked for`)
    if (sequence > this.confirmedBy(peer)) this.#confirmed.set(peer, sequence)
  }

  confirmedBy(peer: NodeId): number {
    return this.#confirmed.get(peer) ?? 0
  }

  /** Takes out the requests up to `sequence`, oldest first. */
  take(sequence: number): ReadRequest[] {
    let count = 0
    while (count < this.#requests.length && this.#requests[count]!.sequence <= sequence) count++
    return this.#requests.splice(0, count)
  }
}
