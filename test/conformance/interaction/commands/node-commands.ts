import { Message, MessageType } from '../../../../src/consensus/core/message.js'
import type { Arguments } from '../../script/arguments.js'
import { describeMessage } from '../describe.js'
import type { Environment } from '../environment.js'
import type { InteractionNode } from '../interaction-node.js'
import { asked, type Command, stepErrorText, told } from './command.js'

/** Something that a node is told. */
export const NODE_COMMANDS: readonly (readonly [string, Command])[] = [
  ['campaign', told(({ raw }) => raw.campaign())],
  ['forget-leader', told(({ raw }) => raw.forgetLeader())],
  ['propose', asked(({ raw }, args) => stepErrorText(raw.propose([Buffer.from(args.word(1))])))],
  ['report-unreachable', reportUnreachable],
  ['send-snapshot', sendSnapshot],
  ['set-randomized-election-timeout', told(setElectionTimeout)],
  ['tick-election', told(node => tick(node, node.raw.raft.options.electionTicks))],
  ['tick-heartbeat', told(node => tick(node, node.raw.raft.options.heartbeatTicks))],
  ['transfer-leadership', transferLeadership]
]

function tick({ raw }: InteractionNode, count: number): void {
  for (let i = 0; i < count; i++) raw.tick()
}

function setElectionTimeout({ raw }: InteractionNode, args: Arguments): void {
  raw.raft.randomizedElectionTimeout = args.required(args.integer('timeout'), 'timeout')
}

function reportUnreachable(environment: Environment, { args }: { args: Arguments }): string | undefined {
  if (args.bare.length !== 2) {
    return 'must specify exactly two node indexes: node on which to report, and reported node'
  }
  environment.node(args.id(0)).raw.reportUnreachable(args.id(1))
  return undefined
}

function transferLeadership(environment: Environment, { args }: { args: Arguments }): undefined {
  const from = args.required(args.integer('from'), 'from')
  const to = environment.node(args.required(args.integer('to'), 'to'))
  environment.node(from).raw.transferLeadership(to.id)
}

/** The sender's newest state, whether it leads or not. */
function sendSnapshot(environment: Environment, { args }: { args: Arguments }): undefined {
  const sender = environment.node(args.id(0))
  const message = new Message(MessageType.snapshot, args.id(1), sender.id)
  message.term = sender.raw.hardState.term
  message.snapshot = sender.newest.meta
  environment.messages.push(message)
  environment.output.print(describeMessage(message))
}
