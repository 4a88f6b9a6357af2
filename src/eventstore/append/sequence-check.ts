import type { AggregateIndex } from '../index/aggregate-index.js'
import { invalidSequence } from './apply-append.js'
import { type Reservation, SequenceReservations } from './sequence-reservations.js'
import type { TransactionScan } from './transaction-scan.js'

export type Reserved = readonly (readonly [aggregateId: string, reservation: Reservation])[]

export interface SequenceCheckPorts {
  readonly index: () => AggregateIndex
  /** Resolves when what was committed before the call is applied here; undefined where nothing is ever behind. */
  readonly caughtUp: () => Promise<void> | undefined
}

/** The early check of sequence numbers: the loser of a race is told before anything is written. What decides is the check at apply. */
export class SequenceCheck {
  readonly #reservations = new SequenceReservations()

  constructor(private readonly ports: SequenceCheckPorts) {}

  /** Throws where the numbers are not the next ones. */
  reserve(scan: TransactionScan): Reserved | Promise<Reserved> {
    const isKnown = !this.#isCold(scan)
    if (isKnown && this.#conflict(scan) === undefined) return this.#reserveAll(scan)
    return this.#reserveLater(scan)
  }

  release(reserved: Reserved, failed: boolean): void {
    for (const [id, reservation] of reserved) this.#reservations.release(id, reservation, failed)
  }

  async #reserveLater(scan: TransactionScan): Promise<Reserved> {
    await this.#load(scan)
    if (this.#conflict(scan) !== undefined) {
      // A node that has just become leader, or follows, may not have applied yet what the caller has seen confirmed elsewhere.
      await this.ports.caughtUp()
      await this.#load(scan)
    }
    const conflict = this.#conflict(scan)
    if (conflict !== undefined) throw conflict
    return this.#reserveAll(scan)
  }

  #load(scan: TransactionScan): Promise<void> | undefined {
    return this.#isCold(scan) ? this.ports.index().load([...scan.ranges.keys()]) : undefined
  }

  #isCold(scan: TransactionScan): boolean {
    for (const id of scan.ranges.keys()) if (this.#highest(id) === undefined) return true
    return false
  }

  #conflict(scan: TransactionScan): Error | undefined {
    for (const [aggregateId, { first }] of scan.ranges) {
      const highest = this.#highest(aggregateId)
      if (highest !== undefined && first !== highest + 1)
        return invalidSequence({ aggregateId, expected: highest + 1, actual: first })
    }
    return undefined
  }

  #highest(aggregateId: string): number | undefined {
    return this.#reservations.highest(aggregateId) ?? this.ports.index().highestSequence(aggregateId)
  }

  #reserveAll(scan: TransactionScan): Reserved {
    return [...scan.ranges].map(([id, { last }]) => [id, this.#reservations.reserve(id, last)] as const)
  }
}
