import { roleName } from '../../../../src/consensus/core/names.js'
import { Role } from '../../../../src/consensus/core/types.js'
import { describeProgress } from '../../confchange/describe-progress.js'
import { describeEntries } from '../describe.js'
import type { Environment } from '../environment.js'
import type { InteractionNode } from '../interaction-node.js'
import type { Command } from './command.js'

/** Something that is looked at. */
export const SHOW_COMMANDS: readonly (readonly [string, Command])[] = [
  ['compact', compact],
  ['raft-log', shown(describeLog)],
  ['raft-state', showStates],
  ['status', shown(describeStatus)]
]

function shown(describe: (node: InteractionNode) => string): Command {
  return (environment, { args }) => {
    environment.output.print(describe(environment.node(args.id(0))))
    return undefined
  }
}

function compact(...[environment, { args }]: Parameters<Command>): string | undefined {
  const node = environment.node(args.id(0))
  const error = node.storage.compact(args.id(1))
  if (error === undefined) environment.output.print(describeLog(node))
  return error
}

function describeLog({ storage }: InteractionNode): string {
  const entries = storage.all()
  if (entries.length > 0) return describeEntries(entries)
  return `log is empty: first index=${storage.firstIndex()}, last index=${storage.lastIndex()}`
}

function showStates({ nodes, output }: Environment): undefined {
  for (const { id, raw } of nodes) {
    const { tracker, role, term, leader } = raw.raft
    const voting = tracker.voterIds().includes(id) ? 'Voter' : 'Non-Voter'
    output.printLine(`${id}: ${roleName(role)} (${voting}) Term:${term} Lead:${leader}`)
  }
}

/** Only a leader knows how far the others are. */
function describeStatus({ raw }: InteractionNode): string {
  return raw.softState.role === Role.leader ? describeProgress(raw.raft.tracker) : ''
}
