import type { ConfChange } from '../../../src/consensus/core/conf-change.js'
import { RawNode } from '../../../src/consensus/core/raw-node.js'
import type { Ready } from '../../../src/consensus/core/ready.js'
import type { ConfState, Index } from '../../../src/consensus/core/types.js'
import type { SimulatedGroup } from './simulated-group.js'
import type { SimulatedProcess } from './simulated-process.js'

interface ProbeOptions {
  readonly process: SimulatedProcess
  readonly group: SimulatedGroup
}

type Method = (...args: unknown[]) => unknown

/** Lets the observer look after every single thing that the driver tells its core; the product knows nothing of it. */
export function probe(raw: RawNode, { process, group }: ProbeOptions): void {
  const { world } = process
  const disk = process.disk.logOf(group.id)
  const watched = raw as unknown as Record<string, Method>
  world.guard(() => group.observer.started(raw.raft, disk))
  for (const name of methodNames()) {
    const original = watched[name]!
    watched[name] = (...args) => {
      const confIndexBefore = raw.raft.confIndex
      const result = original.apply(raw, args)
      world.guard(() => {
        group.observer.observe(raw.raft)
        if (name === 'ready') sawReady(raw, result as Ready, { process, group })
        else if (name === 'applyConfChange' && (args[0] as Index) > confIndexBefore) {
          group.observer.applied.configured(
            process.id,
            args[0] as Index,
            args[1] as ConfChange,
            result as ConfState
          )
        }
      })
      return result
    }
  }
}

function sawReady(raw: RawNode, { entries, apply }: Ready, { process, group }: ProbeOptions): void {
  const first = entries[0]
  if (first !== undefined) group.observer.stored(entries, raw.raft.log.term(first.index - 1))
  if (apply !== undefined)
    group.observer.handedToApply(process.id, apply.entries, process.disk.logOf(group.id))
}

function methodNames(): string[] {
  const names = Object.entries(Object.getOwnPropertyDescriptors(RawNode.prototype))
  return names
    .filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function')
    .map(([name]) => name)
}
