import { type Entry, EntryKind, type Message } from '../core/index.js'
import type { StateMachine } from '../ports.js'
import type { Position } from './membership.js'

/** A group as its applier knows it. */
export interface ApplyingGroup {
  /** A configuration entry is reached. */
  configure(entry: Entry): void
  /** A configuration entry that an installed state contains: only the core may still need it. */
  passConfiguration(entry: Entry): void
  /** An entry is applied, with the result of the state machine. */
  entryApplied(entry: Entry, result: unknown): void
  /** A round is applied: its responses go back to the core. */
  roundApplied(responses: readonly Message[]): void
  /** What it waited for is here: it wants another turn. */
  resume(): void
  applyFailed(entry: Entry | undefined, error: unknown): void
}

/** How often the clock is read. */
const CHECK_EVERY = 16

/** Applies what is committed, in order, each entry once; waits only where the state machine has to look something up. */
export class Applier {
  applied: Position
  #queue: Message[] = []
  #position = 0
  #isPrepared = false
  #isWaiting = false
  #isStopped = false
  #isHeld = false
  #onHeld: () => void = () => {}

  constructor(
    private readonly group: ApplyingGroup,
    private readonly machine: StateMachine,
    applied: Position
  ) {
    this.applied = applied
  }

  get isIdle(): boolean {
    return this.#queue.length === 0
  }

  add(round: Message): void {
    this.#queue.push(round)
  }

  stop(): void {
    this.#isStopped = true
    this.#queue = []
  }

  /** Nothing is prepared or applied any more once it resolves, until `release`. */
  hold(): Promise<void> {
    this.#isHeld = true
    if (!this.#isWaiting) return Promise.resolve()
    return new Promise(resolve => {
      this.#onHeld = resolve
    })
  }

  release(): void {
    this.#isHeld = false
  }

  /** A state was installed: what it contains is not applied again. */
  installed(position: Position): void {
    this.applied = position
  }

  /** One turn. True: there is more to do, and nothing to wait for. */
  run(untilMs: number, now: () => number): boolean {
    let steps = 0
    while (!this.#isWaiting && !this.#isHeld && this.#queue.length > 0) {
      if (++steps % CHECK_EVERY === 0 && now() >= untilMs) return true
      const round = this.#queue[0]!
      const entry = round.entries[this.#position]
      if (entry === undefined) this.#endRound(round)
      else this.#applyNext(entry)
    }
    return false
  }

  #applyNext(entry: Entry): void {
    try {
      if (entry.index <= this.applied.index) {
        this.#skip(entry)
        return
      }
      if (entry.index !== this.applied.index + 1) {
        throw new Error(`entry ${entry.index} does not follow ${this.applied.index}`)
      }
      this.#apply(entry)
    } catch (error) {
      this.group.applyFailed(entry, error)
    }
  }

  #skip(entry: Entry): void {
    if (entry.kind !== EntryKind.normal) this.group.passConfiguration(entry)
    this.#isPrepared = false
    this.#position++
  }

  #apply(entry: Entry): void {
    let result: unknown
    if (entry.kind !== EntryKind.normal) this.group.configure(entry)
    else if (entry.data.length > 0) {
      if (!this.#isPrepared) {
        const preparing = this.machine.prepare(entry.data)
        if (preparing !== undefined) {
          this.#wait(preparing, entry, () => {
            this.#isPrepared = true
          })
          return
        }
      }
      this.#isPrepared = false
      result = this.machine.apply(entry)
    }
    this.applied = { index: entry.index, term: entry.term }
    this.#position++
    this.group.entryApplied(entry, result)
  }

  #endRound(round: Message): void {
    try {
      const ending = this.machine.endRound()
      if (ending === undefined) this.#finish(round)
      else this.#wait(ending, undefined, () => this.#finish(round))
    } catch (error) {
      this.group.applyFailed(undefined, error)
    }
  }

  #finish(round: Message): void {
    this.#queue.shift()
    this.#position = 0
    this.group.roundApplied(round.responses)
  }

  #wait(promise: Promise<void>, entry: Entry | undefined, then: () => void): void {
    this.#isWaiting = true
    promise.then(
      () => {
        this.#isWaiting = false
        if (this.#isStopped) return
        then()
        this.#onHeld()
        this.group.resume()
      },
      (error: unknown) => {
        this.#isWaiting = false
        if (!this.#isStopped) this.group.applyFailed(entry, error)
        this.#onHeld()
      }
    )
  }
}
