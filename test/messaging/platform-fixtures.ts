import type { EventProcessorInfo } from '../../src/wire/generated/control.js'
import { FakeStream, type messagingWith } from './fixtures.js'

export type TestMessaging = ReturnType<typeof messagingWith>['messaging']

export interface SessionOptions {
  readonly clientId?: string
  readonly context?: string
  readonly version?: string
  readonly component?: string
}

export function connect(messaging: TestMessaging, options: SessionOptions = {}) {
  const { clientId = 'client', context = 'default', version = '4.6', component = 'orders' } = options
  const out = new FakeStream()
  const session = messaging.platform.openStream(context, out)
  session.register({ clientId, componentName: component, tags: new Map(), version })
  return { out, session }
}

export function info(processorName: string): EventProcessorInfo {
  return {
    processorName,
    mode: 'Tracking',
    activeThreads: 1,
    running: true,
    error: false,
    segmentStatus: [],
    availableThreads: 1,
    tokenStoreIdentifier: 'store',
    isStreamingProcessor: true,
    loadBalancingStrategyName: ''
  }
}

export function ack(instructionId: string, success = true, errorCode = '') {
  const error = success ? undefined : { errorCode, message: 'refused', location: '', details: [] }
  return { instructionId, success, error }
}

export const processor = { context: 'default', name: 'p', tokenStoreIdentifier: 'store' }
