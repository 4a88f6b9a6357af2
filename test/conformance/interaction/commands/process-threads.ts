import { type Message, NO_MESSAGES } from '../../../../src/consensus/core/message.js'
import type { NodeId } from '../../../../src/consensus/core/types.js'
import { describeMessage } from '../describe.js'
import type { Environment } from '../environment.js'
import type { InteractionNode } from '../interaction-node.js'
import type { Command } from './command.js'
import { forEachNode } from './for-each-node.js'

export const processAppendThread: Command = (environment, directive) =>
  forEachNode(environment, directive, {
    header: 'processing append thread',
    work: id => doAppendWork(environment, id)
  })

export const processApplyThread: Command = (environment, directive) =>
  forEachNode(environment, directive, {
    header: 'processing apply thread',
    work: id => doApplyWork(environment, id)
  })

/** The oldest write. */
export function doAppendWork(environment: Environment, id: NodeId): string | undefined {
  const node = environment.node(id)
  return doWork(environment, node.appendWork.shift(), {
    name: 'append',
    perform: append => store(node, append)
  })
}

/** The oldest entries to apply. */
export function doApplyWork(environment: Environment, id: NodeId): string | undefined {
  const node = environment.node(id)
  const perform = ({ entries }: Message) => {
    node.apply(entries)
    return undefined
  }
  return doWork(environment, node.applyWork.shift(), { name: 'apply', perform })
}

function store(
  node: InteractionNode,
  { term, vote, commit, entries, snapshot }: Message
): string | undefined {
  return node.persist({ term, vote, commit }, entries, snapshot)
}

function doWork(
  { output, messages }: Environment,
  message: Message | undefined,
  { name, perform }: { name: string; perform: (message: Message) => string | undefined }
): string | undefined {
  if (message === undefined) {
    output.print(`no ${name} work to perform`)
    return undefined
  }
  const { responses } = message
  message.responses = NO_MESSAGES
  output.print(`Processing:\n${describeMessage(message)}\n`)
  const error = perform(message)
  if (error !== undefined) return error
  output.print(`Responses:\n${responses.map(each => `${describeMessage(each)}\n`).join('')}`)
  messages.push(...responses)
  return undefined
}
