import type { CommittedEntry, StateMachine } from '../../../src/consensus/index.js'

/** A state machine that writes down what happens to it. */
export class Recorder implements StateMachine {
  readonly applied: string[] = []
  readonly indexes: number[] = []
  readonly usedRules: number[] = []
  rounds = 0
  failsAt = ''
  slow: Promise<void> | undefined
  slowRound: Promise<void> | undefined
  rulesMax = 1
  stateDigest: () => number = () => 0

  useRules(version: number): void {
    this.usedRules.push(version)
  }

  prepare(): Promise<void> | undefined {
    return this.slow
  }

  apply(entry: CommittedEntry): string {
    const text = entry.data.toString()
    if (text === this.failsAt) throw new Error(`${text} can not be applied`)
    this.applied.push(text)
    this.indexes.push(entry.index)
    return `result of ${text}`
  }

  endRound(): Promise<void> | undefined {
    this.rounds++
    return this.slowRound
  }
}
