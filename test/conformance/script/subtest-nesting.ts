import type { Argument } from './directive-line.js'
import { ScriptError } from './script-error.js'

/** `subtest NAME` ... `subtest end [NAME]`: groups directives, and does nothing else. */
export class SubtestNesting {
  readonly #open: string[] = []

  meet(args: readonly Argument[]): void {
    const name = args[0]?.key
    if (name === 'end') this.#close(args)
    else if (name === undefined || args.length !== 1) throw new ScriptError('invalid syntax for subtest')
    else this.#enter(name)
  }

  end(): void {
    if (this.#open.length > 0) throw new ScriptError(`subtest ${this.#open.at(-1)} has no end`)
  }

  #enter(name: string): void {
    const outer = this.#open.at(-1)
    if (outer !== undefined && !name.startsWith(`${outer}/`)) {
      throw new ScriptError(`the name of a nested subtest must begin with "${outer}/"`)
    }
    this.#open.push(name)
  }

  #close(args: readonly Argument[]): void {
    const open = this.#open.pop()
    if (open === undefined) throw new ScriptError('subtest end without its beginning')
    if (args.length > 2) throw new ScriptError('invalid syntax for subtest end')
    const named = args[1]?.key
    if (named !== undefined && named !== open) {
      throw new ScriptError(`subtest end of "${named}" in subtest "${open}"`)
    }
  }
}
