import { type Progress, ProgressState } from '../../../src/consensus/core/progress.js'
import type { Raft } from '../../../src/consensus/core/raft.js'
import { UNLIMITED } from '../../../src/consensus/core/types.js'
import { demand } from '../world/violation.js'

/** W5: what a leader believes of its peers, and the bounds that it promised. `entryBytesMax`: the largest payload. */
export function checkProgress(raft: Raft, entryBytesMax: number): void {
  const last = raft.log.lastIndex
  const { tracker, options } = raft
  for (const id of tracker.ids) {
    const progress = tracker.progress.get(id)!
    const { match, next, inflights } = progress
    demand(match < next && match <= last, 'W5', () => `${describe(raft, id, progress)} with last ${last}`)
    demand(
      next <= last + 1 || progress.state === ProgressState.snapshot,
      'W5',
      () => `${describe(raft, id, progress)} with last ${last}`
    )
    demand(
      inflights.count <= options.inflightMessagesMax,
      'W5',
      () => `${describe(raft, id, progress)}: window`
    )
    const bytesMax = options.inflightBytesMax + Math.min(options.messageBytesMax, UNLIMITED / 2)
    demand(inflights.bytes <= Math.max(bytesMax, options.inflightBytesMax + entryBytesMax), 'W5', () => {
      return `${describe(raft, id, progress)}: ${inflights.bytes} bytes in flight`
    })
    if (progress.state === ProgressState.snapshot) {
      demand(progress.isPaused && progress.pendingSnapshot > 0, 'W5', () => describe(raft, id, progress))
    }
  }
  demand(raft.uncommittedBytes <= options.uncommittedBytesMax + entryBytesMax, 'W5', () => {
    return `node ${raft.id} has ${raft.uncommittedBytes} uncommitted bytes`
  })
}

function describe(raft: Raft, id: number, progress: Progress): string {
  return `leader ${raft.id} of term ${raft.term} believes of ${id}: ${progress}`
}
