import type { StepError } from '../../../../src/consensus/core/raft.js'
import type { Arguments } from '../../script/arguments.js'
import type { Directive } from '../../script/script.js'
import type { Environment } from '../environment.js'
import type { InteractionNode } from '../interaction-node.js'

/** Returns the words of an expected error. */
export type Command = (environment: Environment, directive: Directive) => string | undefined

const STEP_ERRORS: Record<StepError, string> = {
  dropped: 'raft proposal dropped',
  unknownPeer: 'raft: cannot step as peer not found',
  localMessage: 'raft: cannot step raft local message'
}

export function stepErrorText(error: StepError | undefined): string | undefined {
  return error === undefined ? undefined : STEP_ERRORS[error]
}

/** A command to the node that its first argument names. */
export function told(tell: (node: InteractionNode, args: Arguments) => void): Command {
  return (environment, { args }) => {
    tell(environment.node(args.id(0)), args)
    return undefined
  }
}

/** The same for one that may be refused. */
export function asked(ask: (node: InteractionNode, args: Arguments) => string | undefined): Command {
  return (environment, { args }) => ask(environment.node(args.id(0)), args)
}
