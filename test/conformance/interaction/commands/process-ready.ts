import { EMPTY_HARD_STATE, type NodeId } from '../../../../src/consensus/core/types.js'
import { describeReady } from '../describe.js'
import type { Environment } from '../environment.js'
import type { Command } from './command.js'
import { forEachNode } from './for-each-node.js'

export const processReady: Command = (environment, directive) =>
  forEachNode(environment, directive, { header: 'handling Ready', work: id => handleReady(environment, id) })

/** One Ready: what it says is done at once, or handed to the storage threads. */
export function handleReady(environment: Environment, id: NodeId): string | undefined {
  const node = environment.node(id)
  const ready = node.raw.ready()
  environment.output.print(describeReady(ready))
  if (!node.isAsync) {
    const error = node.persist(ready.hard ?? EMPTY_HARD_STATE, ready.entries, ready.snapshot)
    if (error !== undefined) return error
    node.apply(ready.committed)
  }
  environment.messages.push(...ready.messages)
  if (ready.append !== undefined) node.appendWork.push(ready.append)
  if (ready.apply !== undefined) node.applyWork.push(ready.apply)
  if (!node.isAsync) node.raw.advance()
  return undefined
}
