import type { RaftDefaults } from '../../../../src/consensus/core/options.js'
import { type ConfState, UNLIMITED } from '../../../../src/consensus/core/types.js'
import type { Arguments } from '../../script/arguments.js'
import type { Environment } from '../environment.js'
import { type HistoryItem, InteractionNode } from '../interaction-node.js'
import type { Command } from './command.js'

/** `add-nodes N ...`: nodes with the next ids, all alike, empty or with the state that the arguments describe. */
export const addNodes: Command = (environment, { args }) => {
  args.allow(...STATE_ARGUMENTS, ...OPTION_ARGUMENTS)
  const readOnly = args.value('read-only') ?? 'safe'
  if (!['safe', 'lease-based'].includes(readOnly)) return `invalid read-only option "${readOnly}"`
  const start = readStart(args)
  const hasState = start.data.length > 0 || start.meta.index > 0 || members(start.meta.conf) > 0
  if (hasState && start.meta.index <= 1) return 'index must be specified as > 1 due to bootstrap'
  const options = readOptions(args)
  for (let count = args.id(0); count > 0; count--) addNode(environment, start, options)
  return undefined
}

const STATE_ARGUMENTS = ['voters', 'learners', 'index', 'content']
const OPTION_ARGUMENTS = [
  'inflight',
  'async-storage-writes',
  'prevote',
  'checkquorum',
  'max-committed-size-per-ready',
  'disable-conf-change-validation',
  'read-only',
  'step-down-on-removal',
  // Ours:
  'commit-in-votes',
  'forwarding',
  'max-inflight-bytes',
  'max-size-per-message',
  'max-uncommitted-size',
  'max-waiting-reads'
]

function addNode(environment: Environment, start: HistoryItem, options: RaftDefaults): void {
  const id = environment.nodes.length + 1
  environment.nodes.push(new InteractionNode(id, { options, start, trace: environment.output }))
}

function readStart(args: Arguments): HistoryItem {
  const conf: ConfState = {
    voters: args.ids('voters'),
    outgoing: [],
    learners: args.ids('learners'),
    learnersNext: [],
    autoLeave: false
  }
  const index = args.integer('index') ?? 0
  return {
    meta: { index, term: index > 0 ? 1 : 0, conf },
    data: Buffer.from(args.value('content') ?? '')
  }
}

function members({ voters, learners }: ConfState): number {
  return voters.length + learners.length
}

function readOptions(args: Arguments): RaftDefaults {
  return {
    electionTicks: 3,
    electionTicksMax: 5,
    heartbeatTicks: 1,
    checkQuorumTicks: 3,
    messageBytesMax: limit(args, 'max-size-per-message'),
    messageEntriesMax: UNLIMITED,
    inflightMessagesMax: args.integer('inflight') ?? 2 ** 31 - 1,
    inflightBytesMax: limit(args, 'max-inflight-bytes'),
    uncommittedBytesMax: limit(args, 'max-uncommitted-size'),
    applyBytesMax: limit(args, 'max-committed-size-per-ready'),
    asyncStorageWrites: args.boolean('async-storage-writes') ?? false,
    preVote: args.boolean('prevote') ?? false,
    checkQuorum: args.boolean('checkquorum') ?? false,
    stepDownOnRemoval: args.boolean('step-down-on-removal') ?? false,
    proposalForwarding: args.boolean('forwarding') ?? true,
    validateConfChanges: !(args.boolean('disable-conf-change-validation') ?? false),
    leaseReads: args.value('read-only') === 'lease-based',
    waitingReadsMax: limit(args, 'max-waiting-reads'),
    commitInVotes: args.boolean('commit-in-votes') ?? false,
    votesAfterAppend: args.boolean('votes-after-append') ?? false,
    holdsCommits: args.boolean('holds-commits') ?? false
  }
}

/** 0 stands for no limit. */
function limit(args: Arguments, key: string): number {
  return args.integer(key) || UNLIMITED
}
