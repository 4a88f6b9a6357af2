import { HistoryChecker } from '../history/checker.js'
import type { Observer } from '../invariants/observer.js'
import { ValueReader } from './event-values.js'

/** One replication group over all processes, and what is known of it. */
export class SimulatedGroup {
  readonly checker = new HistoryChecker()
  /** Reads the values of the log in the order in which they come, for runs with an event store. */
  readonly reader = new ValueReader()

  constructor(
    readonly id: number,
    readonly observer: Observer
  ) {}
}
