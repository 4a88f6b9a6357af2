import type { EventProcessorInfo } from '../../src/wire/generated/control.js'
import { FakeStream } from './fixtures.js'
import type { TestMessaging } from './platform-fixtures.js'

export function processorSegment(
  segmentId: number,
  onePartOf: number,
  changes: { errorState?: string } = {}
) {
  return {
    segmentId,
    caughtUp: true,
    replaying: false,
    onePartOf,
    tokenPosition: 7,
    errorState: '',
    ...changes
  }
}

export function processorInfo(changes: Partial<EventProcessorInfo> = {}): EventProcessorInfo {
  return {
    processorName: 'p',
    mode: 'Pooled Streaming',
    activeThreads: 1,
    running: true,
    error: false,
    segmentStatus: [],
    availableThreads: 10,
    tokenStoreIdentifier: 'store',
    isStreamingProcessor: true,
    loadBalancingStrategyName: 'threadNumber',
    ...changes
  }
}

export const processorIdentity = { context: 'default', name: 'p', tokenStoreIdentifier: 'store' }

/** A client that answers each instruction with success, and remembers it. */
export function connectProcessor(
  messaging: TestMessaging,
  clientId: string,
  report: Partial<EventProcessorInfo> = {},
  context = 'default'
) {
  const out = new FakeStream()
  const session = messaging.platform.openStream(context, out)
  session.register({ clientId, componentName: `component of ${clientId}`, tags: new Map(), version: '4.6' })
  session.processorInfo(processorInfo(report))
  const told: string[] = []
  let answersWith: 'success' | 'failure' | 'nothing' = 'success'
  out.onWrite = () => {
    const { request, instructionId } = out.instructions().at(-1)!
    const value = request?.value as { segmentIdentifier?: number }
    told.push(
      `${request?.$case}${value.segmentIdentifier === undefined ? '' : ` ${value.segmentIdentifier}`}`
    )
    if (answersWith === 'nothing') return
    const success = answersWith === 'success'
    const error = success
      ? undefined
      : { errorCode: 'AXONIQ-1004', message: 'no', location: clientId, details: [] }
    queueMicrotask(() => session.result({ instructionId, success, error }))
  }
  return {
    session,
    told,
    id: () => out.instructions().at(-1)?.instructionId,
    answer: (kind: typeof answersWith) => {
      answersWith = kind
    }
  }
}
