import type { NodeId } from '../../../../src/consensus/core/types.js'
import type { Environment } from '../environment.js'
import type { Command } from './command.js'
import { deliver } from './deliver-messages.js'
import { handleReady } from './process-ready.js'
import { doAppendWork, doApplyWork } from './process-threads.js'

/** `stabilize 1 2 log-level=none`: rounds of all work that there is for these nodes, or all, until there is none. */
export const stabilize: Command = (environment, { args }) => {
  args.allow('log-level')
  const named = args.bareIds
  const ids = named.length > 0 ? named : environment.nodes.map(({ id }) => id)
  return environment.output.atLevel(args.value('log-level'), () => settle(environment, ids))
}

interface Phase {
  readonly header: string
  readonly hasWork: (id: NodeId) => boolean
  readonly work: (id: NodeId) => string | undefined
  /** Repeated until nothing is left, under one header. */
  readonly isDrained: boolean
}

function settle(environment: Environment, ids: readonly NodeId[]): string | undefined {
  const phases = phasesOf(environment)
  for (let hasWorked = true; hasWorked; ) {
    hasWorked = false
    for (const phase of phases) {
      for (const id of ids) {
        if (!phase.hasWork(id)) continue
        hasWorked = true
        const error = runPhase(environment, phase, id)
        if (error !== undefined) return error
      }
    }
  }
  return undefined
}

function runPhase({ output }: Environment, phase: Phase, id: NodeId): string | undefined {
  output.printLine(`> ${id} ${phase.header}`)
  do {
    const error = output.indented(() => phase.work(id))
    if (error !== undefined) return error
  } while (phase.isDrained && phase.hasWork(id))
  return undefined
}

function phasesOf(environment: Environment): readonly Phase[] {
  return [
    {
      header: 'handling Ready',
      hasWork: id => environment.node(id).raw.hasReady(),
      work: id => handleReady(environment, id),
      isDrained: false
    },
    {
      header: 'receiving messages',
      hasWork: id => environment.messages.some(({ to }) => to === id),
      work: id => {
        deliver(environment, { id, isDropping: false })
        return undefined
      },
      isDrained: false
    },
    {
      header: 'processing append thread',
      hasWork: id => environment.node(id).appendWork.length > 0,
      work: id => doAppendWork(environment, id),
      isDrained: true
    },
    {
      header: 'processing apply thread',
      hasWork: id => environment.node(id).applyWork.length > 0,
      work: id => doApplyWork(environment, id),
      isDrained: true
    }
  ]
}
