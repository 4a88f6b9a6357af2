import type { ProgressTracker } from '../../../src/consensus/core/tracker.js'

/** One line for each member, ascending. */
export function describeProgress({ ids, progress }: ProgressTracker): string {
  return ids.map(id => `${id}: ${progress.get(id)}\n`).join('')
}
