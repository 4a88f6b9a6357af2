import type { GroupAppend, HardState, Journal, LogCheckpoint, LogEntry } from '../../../src/storage/index.js'
import type { SeededRandom } from '../../../src/storage/testing.js'
import { allOf, entry } from './fixture.js'

/** What a group's log holds after one of the parts that were sent. */
interface GroupState {
  readonly entries: readonly LogEntry[]
  readonly hardState: HardState
}

const NOTHING: GroupState = { entries: [], hardState: { term: 0, vote: 0, commit: 0 } }

/** One group's log as Raft writes it: terms and votes, appends, suffixes that are overruled, checkpoints and installed snapshots. */
export class RaftGroupModel {
  checkpoint: LogCheckpoint = { index: 0, term: 0 }
  /** States that the disk may hold, oldest first: the newest confirmed one and those that wait for an answer. */
  #states: GroupState[] = [NOTHING]
  #confirmed = 0
  #dropped = 0

  constructor(
    readonly group: number,
    private readonly random: SeededRandom
  ) {}

  get newest(): GroupState {
    return this.#states.at(-1)!
  }

  /** The newest state that was confirmed. */
  get confirmed(): GroupState {
    return this.#states[this.#confirmed]!
  }

  get lastIndex(): number {
    return lastOf(this.newest, this.checkpoint)
  }

  /** The next part, and what to call when it is confirmed. */
  next(): { part: GroupAppend; confirm: () => void } {
    const next = this.#nextState()
    this.#states.push(next.state)
    const number = this.#dropped + this.#states.length - 1
    return {
      part: { group: this.group, entries: next.written, hardState: next.state.hardState },
      confirm: () => {
        this.#confirmed = Math.max(this.#confirmed, number - this.#dropped)
      }
    }
  }

  /** A part that was refused, with all behind it. */
  takeBack(): void {
    this.#states.length = this.#confirmed + 1
  }

  /** A checkpoint of what is committed and confirmed. */
  takeCheckpoint(): LogCheckpoint | undefined {
    const { entries, hardState } = this.confirmed
    const contained = entries.filter(({ index }) => index <= hardState.commit)
    const chosen = contained[this.random.below(contained.length)]
    if (chosen === undefined || chosen.index <= this.checkpoint.index) return undefined
    this.checkpoint = { index: chosen.index, term: chosen.term }
    return this.checkpoint
  }

  /** A snapshot of the leader replaces the whole log: also entries behind it, which belong to another history (Raft §5.4.2, figure 8). */
  installSnapshot(): LogCheckpoint {
    const { entries } = this.confirmed
    const hardState = this.#current()
    const overruled = entries.filter(({ index }) => index > hardState.commit)
    const place = overruled[this.random.below(overruled.length)]
    const index = place?.index ?? this.lastIndex + 1 + this.random.below(5)
    const term = place === undefined ? hardState.term : this.#otherTerm(index, place.term)
    this.checkpoint = { index, term }
    this.#states = this.#states.map(state => ({ ...state, entries: [] }))
    return this.checkpoint
  }

  /** Undefined when the journal holds one of the possible states, which is the truth from then on. */
  async differenceOf(journal: Journal): Promise<string | undefined> {
    const found = placeOf(await allOf(journal, this.group))
    const hardState = journal.hardState(this.group) ?? NOTHING.hardState
    for (let at = this.#states.length - 1; at >= this.#confirmed; at--) {
      const state = this.#states[at]!
      if (found !== placeOf(this.#above(state)) || !this.#isSame(hardState, state.hardState)) continue
      this.#states = [{ entries: this.#above(state), hardState }]
      this.#confirmed = 0
      this.#dropped = 0
      return undefined
    }
    const wanted = this.#states
      .slice(this.#confirmed)
      .map(state => describe(this.#above(state), state.hardState))
    return `group ${this.group} holds ${describe(await allOf(journal, this.group), hardState)}, wanted ${wanted.join(' or ')}`
  }

  /** Raft's own choice of what comes next. */
  #nextState(): { state: GroupState; written: LogEntry[] } {
    const { entries } = this.newest
    const hardState = this.#current()
    const { commit } = hardState
    const last = this.lastIndex
    const dice = this.random.next()
    // An election: the new term and the vote, without entries.
    if (dice < 0.2)
      return {
        state: { entries, hardState: { term: hardState.term + 1, vote: 1 + this.random.below(3), commit } },
        written: []
      }
    // Only the commit moves.
    if (dice < 0.3)
      return {
        state: { entries, hardState: { ...hardState, commit: this.#between(commit, last) } },
        written: []
      }
    const isOverruled = dice < 0.55 && last > commit
    const term = isOverruled ? hardState.term + 1 : Math.max(1, hardState.term)
    const first = isOverruled ? commit + 1 + this.random.below(last - commit) : last + 1
    const written = Array.from({ length: 1 + this.random.below(3) }, (_, i) =>
      entry(first + i, term, this.random.below(this.random.chance(0.1) ? 9000 : 200))
    )
    const vote = isOverruled ? 0 : hardState.vote
    const kept = entries.filter(({ index }) => index < first)
    const state = {
      entries: [...kept, ...written],
      hardState: { term, vote, commit: this.#between(commit, first - 1) }
    }
    return { state, written }
  }

  /** Whoever installed a snapshot has heard of its term and knows it to be committed. */
  #current(): HardState {
    const { term, vote, commit } = this.newest.hardState
    const isNewTerm = this.checkpoint.term > term
    return {
      term: isNewTerm ? this.checkpoint.term : term,
      vote: isNewTerm ? 0 : vote,
      commit: Math.max(commit, this.checkpoint.index)
    }
  }

  #between(low: number, high: number): number {
    return low + this.random.below(Math.max(0, high - low) + 1)
  }

  /** A term that the entry there can have in the log that won: not its own, and not below the checkpoint's. */
  #otherTerm(index: number, term: number): number {
    const before =
      this.confirmed.entries.find(entry => entry.index === index - 1)?.term ?? this.checkpoint.term
    const lowest = Math.max(1, before)
    return lowest < term && this.random.chance(0.5) ? lowest : term + 1
  }

  #above({ entries }: GroupState): LogEntry[] {
    return entries.filter(({ index }) => index > this.checkpoint.index)
  }

  /** The commit may have been raised to the checkpoint, when the record went to a newer file. */
  #isSame(found: HardState, wanted: HardState): boolean {
    if (found.term !== wanted.term || found.vote !== wanted.vote) return false
    return found.commit >= wanted.commit && found.commit <= Math.max(wanted.commit, this.checkpoint.index)
  }
}

function lastOf({ entries }: GroupState, checkpoint: LogCheckpoint): number {
  return Math.max(entries.at(-1)?.index ?? 0, checkpoint.index)
}

function placeOf(entries: readonly LogEntry[]): string {
  return entries.map(({ index, term, data }) => `${index}@${term}:${data.length}:${data[0] ?? ''}`).join(' ')
}

function describe(entries: readonly LogEntry[], { term, vote, commit }: HardState): string {
  return `[${placeOf(entries)} | term ${term}, vote ${vote}, commit ${commit}]`
}
