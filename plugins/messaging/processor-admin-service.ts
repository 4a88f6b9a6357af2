import {
  balancingStrategies,
  type EventProcessors,
  type InstructionOutcome,
  type ProcessorIdentity,
  type ProcessorInstance,
  type ProcessorStatus,
  type SegmentStatus
} from '../../src/messaging/index.js'
import {
  AdminActionResult,
  EventProcessor,
  EventProcessorIdentifier,
  type EventProcessorInstance,
  type EventProcessorSegment,
  LoadBalanceRequest,
  LoadBalancingStrategy,
  MoveSegment,
  Result
} from '../../src/wire/generated/admin.js'
import { Component } from '../../src/wire/generated/common.js'
import {
  type GrpcMethod,
  type GrpcService,
  listMethod,
  type ServerCall,
  unaryMethod
} from '../../src/wire/grpc/index.js'
import { decodeMessage, encodeMessage, ServerError } from '../../src/wire/index.js'

const service = '/io.axoniq.axonserver.grpc.admin.EventProcessorAdminService'

/** io.axoniq.axonserver.grpc.admin.EventProcessorAdminService */
export function processorAdminService(processors: EventProcessors): GrpcService {
  return {
    methods: [
      action('PauseEventProcessor', processor => processors.pause(processor)),
      action('StartEventProcessor', processor => processors.start(processor)),
      action('SplitEventProcessor', processor => processors.split(processor)),
      action('MergeEventProcessor', processor => processors.merge(processor)),
      single('MoveEventProcessorSegment', async (request, call) => {
        const { eventProcessor, segment, targetClientId } = decodeMessage(MoveSegment, request)
        return actionResult(await processors.move(identityOf(eventProcessor, call), segment, targetClientId))
      }),
      many('GetAllEventProcessors', async () => processors.list().map(toMessage)),
      many('GetEventProcessorsByComponent', async request =>
        processors.ofComponent(decodeMessage(Component, request).component).map(toMessage)
      ),
      many('LoadBalanceProcessor', async (request, call) => {
        const { processor, strategy } = decodeMessage(LoadBalanceRequest, request)
        await processors.balance(identityOf(processor, call), strategy)
        return []
      }),
      many('SetAutoLoadBalanceStrategy', async () => {
        const message =
          'Processors are not balanced continuously. Balance them when needed with LoadBalanceProcessor.'
        throw new ServerError('AXONIQ-0001', message)
      }),
      many('GetBalancingStrategies', async () =>
        balancingStrategies.map(({ name, label }) =>
          encodeMessage(LoadBalancingStrategy, { strategy: name, label })
        )
      )
    ]
  }
}

function action(
  method: string,
  perform: (processor: ProcessorIdentity) => Promise<InstructionOutcome>
): GrpcMethod {
  return single(method, async (request, call) =>
    actionResult(await perform(identityOf(decodeMessage(EventProcessorIdentifier, request), call)))
  )
}

/** Any context: requests name the context that they mean. */
function single(method: string, handler: (request: Buffer, call: ServerCall) => Promise<Buffer>): GrpcMethod {
  return unaryMethod(`${service}/${method}`, handler, { anyContext: true })
}

function many(method: string, handler: (request: Buffer, call: ServerCall) => Promise<Buffer[]>): GrpcMethod {
  return listMethod(`${service}/${method}`, handler, { anyContext: true })
}

function actionResult(outcome: InstructionOutcome): Buffer {
  return encodeMessage(AdminActionResult, {
    result: outcome === 'accepted' ? Result.ACCEPTED : Result.SUCCESS
  })
}

/** A context that the request names goes before that of the call. */
function identityOf(identifier: EventProcessorIdentifier | undefined, call: ServerCall): ProcessorIdentity {
  const { processorName = '', tokenStoreIdentifier = '', contextName = '' } = identifier ?? {}
  return {
    name: processorName,
    tokenStoreIdentifier,
    context: contextName === '' ? call.context : contextName
  }
}

function toMessage(status: ProcessorStatus): Buffer {
  return encodeMessage(EventProcessor, {
    identifier: {
      processorName: status.name,
      tokenStoreIdentifier: status.tokenStoreIdentifier,
      contextName: status.context
    },
    mode: status.mode,
    isStreaming: status.isStreaming,
    clientInstance: status.instances.map(toInstance),
    loadBalancingStrategyName: status.loadBalancingStrategy
  })
}

function toInstance({ client, isRunning, capacity, segments }: ProcessorInstance): EventProcessorInstance {
  return {
    clientId: client.clientId,
    isRunning,
    maxCapacity: capacity,
    claimedSegment: segments.map(segment => toSegment(segment, client.clientId))
  }
}

function toSegment(segment: SegmentStatus, claimedBy: string): EventProcessorSegment {
  return {
    id: segment.segmentId,
    onePartOf: segment.onePartOf,
    claimedBy,
    isCaughtUp: segment.caughtUp,
    isReplaying: segment.replaying,
    tokenPosition: segment.tokenPosition,
    isInError: segment.errorState !== '',
    error: segment.errorState
  }
}
