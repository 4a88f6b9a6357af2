import type { ProcessorStatus, SegmentStatus } from './processor-status.js'

/** What an operator sees of a streaming processor, and what may be done with it. */
export interface ProcessorOverview {
  /** Name and token store. */
  readonly fullName: string
  readonly warnings: readonly string[]
  /** Clients that could take another segment. */
  readonly freeThreadInstances: readonly string[]
  /** Claimed segments. */
  readonly activeThreads: number
  readonly canPause: boolean
  readonly canPlay: boolean
  readonly canSplit: boolean
  readonly canMerge: boolean
  /** By segment. */
  readonly trackers: readonly ClaimedSegment[]
}

export interface ClaimedSegment extends SegmentStatus {
  readonly clientId: string
}

export function processorOverview(status: ProcessorStatus): ProcessorOverview {
  const { name, tokenStoreIdentifier, instances } = status
  const trackers = claimedSegments(status)
  const isSomeRunning = instances.some(({ isRunning }) => isRunning)
  return {
    fullName: tokenStoreIdentifier === '' ? name : `${name}@${tokenStoreIdentifier}`,
    warnings: warningsOf(trackers),
    freeThreadInstances: instances
      .filter(({ segments, capacity }) => segments.length < capacity)
      .map(({ client }) => client.clientId),
    activeThreads: trackers.length,
    canPause: isSomeRunning,
    canPlay: instances.some(({ isRunning }) => !isRunning),
    canSplit: isSomeRunning && status.isStreaming,
    canMerge: isSomeRunning && trackers.some(({ onePartOf }) => onePartOf > 1),
    trackers
  }
}

/** By segment, and by client for a segment that several claim. */
export function claimedSegments({ instances }: ProcessorStatus): ClaimedSegment[] {
  return instances
    .flatMap(({ client, segments }) => segments.map(segment => ({ ...segment, clientId: client.clientId })))
    .sort((one, other) => one.segmentId - other.segmentId)
}

function warningsOf(trackers: readonly ClaimedSegment[]): string[] {
  const owners = new Map<number, ClaimedSegment[]>()
  for (const tracker of trackers)
    owners.set(tracker.segmentId, [...(owners.get(tracker.segmentId) ?? []), tracker])
  const warnings: string[] = []
  let claimed = 0
  for (const [segmentId, claims] of owners) {
    claimed += 1 / Math.max(1, claims[0]!.onePartOf)
    if (claims.length === 1) continue
    warnings.push(
      `Segment ${segmentId} is claimed by ${claims.map(({ clientId }) => clientId).join(' and ')}`
    )
  }
  if (claimed !== 1) warnings.push('Not all segments are claimed')
  return warnings
}
