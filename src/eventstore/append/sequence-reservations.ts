export interface Reservation {
  last: number
  transactions: number
}

/**
 * Sequence numbers of transactions that are proposed and not yet applied. They let a loser of a race fail early; what decides is
 * the check at apply. They die with the process, and with the leadership of a group.
 */
export class SequenceReservations {
  readonly #reserved = new Map<string, Reservation>()

  get size(): number {
    return this.#reserved.size
  }

  highest(aggregateId: string): number | undefined {
    return this.#reserved.get(aggregateId)?.last
  }

  reserve(aggregateId: string, last: number): Reservation {
    let reservation = this.#reserved.get(aggregateId)
    if (reservation === undefined) {
      reservation = { last, transactions: 0 }
      this.#reserved.set(aggregateId, reservation)
    }
    reservation.last = last
    reservation.transactions++
    return reservation
  }

  /**
   * A transaction of the aggregate is decided. After a failure whatever was reserved on top of it fails at apply too, so later
   * callers are measured against the applied state again.
   */
  release(aggregateId: string, reservation: Reservation, failed: boolean): void {
    reservation.transactions--
    if (reservation.transactions > 0 && !failed) return
    if (this.#reserved.get(aggregateId) === reservation) this.#reserved.delete(aggregateId)
  }
}
