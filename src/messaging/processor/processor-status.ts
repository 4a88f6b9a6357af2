import type { EventProcessorInfo, EventProcessorInfo_SegmentStatus } from '../../wire/generated/control.js'
import type { ConnectedClient } from '../clients/client-registry.js'
import type { ReportedProcessor } from './processor-infos.js'

/** One processor is what has one name, in one context, with one token store. */
export interface ProcessorIdentity {
  readonly context: string
  readonly name: string
  /** Empty for processors without token store. */
  readonly tokenStoreIdentifier: string
}

export type SegmentStatus = Readonly<EventProcessorInfo_SegmentStatus>

/** The part of a processor that runs in one client. */
export interface ProcessorInstance {
  readonly client: ConnectedClient
  readonly isRunning: boolean
  readonly isInError: boolean
  readonly activeThreads: number
  readonly availableThreads: number
  /** Segments that it owns. */
  readonly segments: readonly SegmentStatus[]
  /** Segments that it could own. */
  readonly capacity: number
}

export interface ProcessorStatus extends ProcessorIdentity {
  /** What all its clients say, `Unknown` if they disagree. */
  readonly mode: string
  readonly isStreaming: boolean
  readonly loadBalancingStrategy: string
  readonly instances: readonly ProcessorInstance[]
}

/** Puts together what the clients say about the same processors. */
export function processorStatuses(reports: Iterable<ReportedProcessor>): ProcessorStatus[] {
  const groups = new Map<string, ReportedProcessor[]>()
  for (const report of reports) {
    const { processorName, tokenStoreIdentifier } = report.info
    const key = JSON.stringify([report.client.context, processorName, tokenStoreIdentifier])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [report])
    else group.push(report)
  }
  return [...groups.values()].map(statusOf)
}

function statusOf(reports: readonly ReportedProcessor[]): ProcessorStatus {
  const { client, info } = reports[0]!
  return {
    context: client.context,
    name: info.processorName,
    tokenStoreIdentifier: info.tokenStoreIdentifier,
    mode: reports.every(report => report.info.mode === info.mode) ? info.mode : 'Unknown',
    isStreaming: reports.every(report => isStreaming(report.info)),
    loadBalancingStrategy: info.loadBalancingStrategyName,
    instances: reports.map(instanceOf)
  }
}

/** Old clients know only the mode. */
function isStreaming({ isStreamingProcessor, mode }: EventProcessorInfo): boolean {
  return isStreamingProcessor || mode === 'Tracking'
}

function instanceOf({ client, info }: ReportedProcessor): ProcessorInstance {
  return {
    client,
    isRunning: info.running,
    isInError: info.error,
    activeThreads: info.activeThreads,
    availableThreads: info.availableThreads,
    segments: info.segmentStatus,
    capacity: info.availableThreads + info.segmentStatus.length
  }
}
