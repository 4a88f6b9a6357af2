import { InvariantError } from '../../../../src/consensus/core/invariant.js'
import type { Arguments } from '../../script/arguments.js'
import { type Environment, staysLocal } from '../environment.js'
import type { InteractionNode } from '../interaction-node.js'
import { asked, type Command, stepErrorText, told } from './command.js'

/** For our own scenarios; other implementations' files do not know them. */
export const OWN_COMMANDS: readonly (readonly [string, Command])[] = [
  ['cache-from', told(cacheFrom)],
  ['log-state', showLogState],
  ['offer-snapshot', asked(offerSnapshot)],
  ['read-index', asked(readIndex)],
  ['report-snapshot', told(reportSnapshot)],
  ['restart', restart],
  ['set-gate', told(setGate)]
]

/** `set-gate ID members=(4,5) required=1` */
function setGate({ raw }: InteractionNode, args: Arguments): void {
  raw.setGate({ members: args.ids('members'), required: args.required(args.integer('required'), 'required') })
}

/** `read-index ID CONTEXT`: the answer is among the read states of a Ready. */
function readIndex({ raw }: InteractionNode, args: Arguments): string | undefined {
  return stepErrorText(raw.readIndex(args.id(1)))
}

/** `report-snapshot ID PEER installed|failed` */
function reportSnapshot({ raw }: InteractionNode, args: Arguments): void {
  raw.reportSnapshot(args.id(1), args.word(2) === 'installed')
}

/** `offer-snapshot ID newest|INDEX`: which state the node sends to peers whose entries are gone. */
function offerSnapshot(node: InteractionNode, args: Arguments): string | undefined {
  if (args.word(1) === 'newest') {
    node.offered = undefined
    return undefined
  }
  const index = args.id(1)
  node.offered = node.history.find(({ meta }) => meta.index === index)
  return node.offered === undefined ? `no state at index ${index}` : undefined
}

/** `cache-from ID INDEX`: entries below have to be loaded before they can be sent; a lower index means that they are loaded. */
function cacheFrom({ storage, raw }: InteractionNode, args: Arguments): void {
  const isLoaded = args.id(1) < storage.cachedFrom
  storage.cachedFrom = args.id(1)
  if (isLoaded) raw.entriesLoaded()
}

/** `log-state IDS`: how far the log is committed, applied, handed out, and written. */
function showLogState(environment: Environment, { args }: { args: Arguments }): undefined {
  for (const id of args.bareIds) environment.output.printLine(`${id}: ${environment.node(id).raw.raft.log}`)
}

/**
 * `restart ID commit=INDEX applied=INDEX`: memory is lost, and with it the writes that were not done. The disk may have missed
 * pure commit updates, and the state machine may have fallen back.
 */
function restart(environment: Environment, { args }: { args: Arguments }): string | undefined {
  args.allow('commit', 'applied')
  const node = environment.node(args.id(0))
  environment.take(node.id, staysLocal)
  const { hardState } = node.storage
  node.storage.hardState = { ...hardState, commit: args.integer('commit') ?? hardState.commit }
  try {
    node.restart(args.integer('applied'))
    return undefined
  } catch (error) {
    // The group does not start on this node: that is what some scenarios show.
    if (error instanceof InvariantError) return error.message
    throw error
  }
}
