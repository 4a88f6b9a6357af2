import type { NodeId } from '../../../src/consensus/core/types.js'
import { type Arguments, toInteger } from '../script/arguments.js'
import { ScriptError } from '../script/script-error.js'

export interface QuorumCase {
  readonly incoming: ReadonlySet<NodeId>
  /** Undefined: the configuration is not joint. */
  readonly outgoing: ReadonlySet<NodeId> | undefined
  /** The voters of both halves, each once, in the order in which values are handed out. */
  readonly ids: readonly NodeId[]
  readonly indexes: readonly string[]
  readonly votes: readonly string[]
}

export function readQuorumCase(args: Arguments): QuorumCase {
  args.allow('cfg', 'cfgj', 'idx', 'votes')
  const incoming = new Set(args.ids('cfg'))
  const isJoint = args.values('cfgj').length > 0
  const outgoing = isJoint ? readOutgoing(args) : undefined
  return {
    incoming,
    outgoing,
    ids: [...new Set([...incoming, ...(outgoing ?? [])])],
    indexes: args.list('idx').map(checkIndex),
    votes: args.list('votes').map(checkVote)
  }
}

function readOutgoing(args: Arguments): ReadonlySet<NodeId> {
  const words = args.values('cfgj')
  if (!words.includes('zero')) return new Set(args.ids('cfgj'))
  if (words.length > 1) throw new ScriptError("cannot mix 'zero' into a configuration")
  return new Set()
}

function checkIndex(value: string): string {
  if (value !== '_' && toInteger(value) === 0) throw new ScriptError('cannot use 0 as idx')
  return value
}

function checkVote(value: string): string {
  if (!['y', 'n', '_'].includes(value)) throw new ScriptError(`unknown vote: ${value}`)
  return value
}
