import { Changer, ConfChangeError } from '../../../src/consensus/core/changer.js'
import { type ConfChangeStep, Transition } from '../../../src/consensus/core/conf-change.js'
import { ProgressTracker } from '../../../src/consensus/core/tracker.js'
import { UNLIMITED } from '../../../src/consensus/core/types.js'
import type { ScriptHandler } from '../script/replay.js'
import type { Directive } from '../script/script.js'
import { parseChangeTokens } from './change-tokens.js'
import { describeProgress } from './describe-progress.js'

const COMMANDS = ['simple', 'enter-joint', 'leave-joint']

/** `simple`, `enter-joint`, `leave-joint`: configurations changed one after the other, without a cluster. */
export class ConfChangeHandler implements ScriptHandler {
  #tracker = ProgressTracker.empty({ inflightMessagesMax: 10, inflightBytesMax: UNLIMITED })
  #lastIndex = 0

  handle(directive: Directive): string {
    try {
      return this.#handle(directive)
    } finally {
      // Also after a failure: a new member is seen by its next index.
      this.#lastIndex++
    }
  }

  #handle(directive: Directive): string {
    const changes = parseChangeTokens(directive.input)
    if (typeof changes === 'string') return changes
    if (!COMMANDS.includes(directive.command)) return 'unknown command'
    try {
      this.#tracker = this.#change(directive, changes)
    } catch (error) {
      if (error instanceof ConfChangeError) return `${error.message}\n`
      throw error
    }
    return `${this.#tracker.config}\n${describeProgress(this.#tracker)}`
  }

  #change({ command, args }: Directive, changes: readonly ConfChangeStep[]): ProgressTracker {
    args.allow('autoleave')
    const changer = new Changer(this.#tracker, this.#lastIndex)
    if (command === 'simple') return changer.simple(changes)
    if (command === 'leave-joint') {
      if (changes.length > 0) throw new ConfChangeError('this command takes no input')
      return changer.leaveJoint()
    }
    const leavesItself = args.boolean('autoleave') ?? false
    const transition = leavesItself ? Transition.jointImplicit : Transition.jointExplicit
    return changer.enterJoint({ transition, changes })
  }
}
