import { ServerError } from '../../wire/index.js'
import type { ConnectedClient } from '../clients/client-registry.js'
import type { InstructionOutcome } from '../platform/instructions.js'
import type { InstructionRequest } from '../platform/outbound-instruction.js'
import type { ProcessorInfos } from './processor-infos.js'
import { type ClaimedSegment, claimedSegments } from './processor-overview.js'
import { type ProcessorIdentity, type ProcessorStatus, processorStatuses } from './processor-status.js'
import { threadNumberMoves } from './thread-number-balance.js'

/** Sends an instruction to clients and waits until all have answered. */
export interface ClientInstructor {
  instruct(clients: readonly ConnectedClient[], request: InstructionRequest): Promise<InstructionOutcome>
}

export interface BalancingStrategy {
  readonly name: string
  readonly label: string
}

const threadNumber = 'threadNumber'

export const balancingStrategies: readonly BalancingStrategy[] = [
  { name: 'disabled', label: 'Disabled' },
  { name: threadNumber, label: 'Thread Number' }
]

/**
 * Event processors as their clients report them, and what may be done with them. The work itself is the clients': an operation
 * sends instructions, and is over when the clients say so. Failures are ServerErrors.
 */
export class EventProcessors {
  constructor(
    private readonly infos: ProcessorInfos,
    private readonly instructor: ClientInstructor
  ) {}

  /** All processors in all contexts. */
  list(): ProcessorStatus[] {
    return processorStatuses(this.infos.all())
  }

  /** Those that this component runs, with all clients that run them. */
  ofComponent(component: string): ProcessorStatus[] {
    return this.list().filter(({ instances }) =>
      instances.some(({ client }) => client.componentName === component)
    )
  }

  find({ context, name, tokenStoreIdentifier }: ProcessorIdentity): ProcessorStatus | undefined {
    return this.list().find(
      status =>
        status.context === context &&
        status.name === name &&
        status.tokenStoreIdentifier === tokenStoreIdentifier
    )
  }

  pause(processor: ProcessorIdentity): Promise<InstructionOutcome> {
    return this.#tellAll(processor, 'pauseEventProcessor')
  }

  start(processor: ProcessorIdentity): Promise<InstructionOutcome> {
    return this.#tellAll(processor, 'startEventProcessor')
  }

  /** Splits the largest segment; of several the one with the highest number. */
  async split(processor: ProcessorIdentity): Promise<InstructionOutcome> {
    const status = this.#get(processor)
    const segment = this.#pick(status, (one, other) => one.onePartOf < other.onePartOf)
    return this.instructor.instruct(clientsOf(status, segment.clientId), {
      $case: 'splitEventProcessorSegment',
      value: { processorName: status.name, segmentIdentifier: segment.segmentId }
    })
  }

  /** Merges the smallest segment with its other half, which its owners must let go first. */
  async merge(processor: ProcessorIdentity): Promise<InstructionOutcome> {
    const status = this.#get(processor)
    const segment = this.#pick(status, (one, other) => one.onePartOf > other.onePartOf)
    const otherHalf = segment.segmentId ^ (segment.onePartOf >>> 1)
    const released = await this.#release(status, otherHalf, segment.clientId)
    const merged = await this.instructor.instruct(clientsOf(status, segment.clientId), {
      $case: 'mergeEventProcessorSegment',
      value: { processorName: status.name, segmentIdentifier: segment.segmentId }
    })
    return released === 'accepted' ? released : merged
  }

  /** All other clients let the segment go, so that the target can claim it. */
  async move(
    processor: ProcessorIdentity,
    segmentId: number,
    targetClientId: string
  ): Promise<InstructionOutcome> {
    const status = this.#get(processor)
    const targets = status.instances.filter(({ client }) => client.clientId === targetClientId)
    if (targets.length === 0) {
      throw new ServerError('AXONIQ-2801', `The client ${targetClientId} does not run ${describe(status)}.`)
    }
    if (targets.some(({ segments }) => segments.some(segment => segment.segmentId === segmentId)))
      return 'success'
    if (targets.every(({ availableThreads }) => availableThreads < 1)) {
      const message = `The client ${targetClientId} has no free thread for another segment of ${describe(status)}.`
      throw new ServerError('AXONIQ-2802', message)
    }
    return this.#release(status, segmentId, targetClientId)
  }

  /** Moves segments now, one after the other. A strategy other than `threadNumber` does nothing. */
  async balance(processor: ProcessorIdentity, strategy: string): Promise<void> {
    if (strategy !== threadNumber) return
    const { instances } = this.#get(processor)
    const shares = instances.map(({ client, capacity, segments }) => ({
      clientId: client.clientId,
      capacity,
      segmentIds: segments.map(({ segmentId }) => segmentId)
    }))
    for (const { segmentId, targetClientId } of threadNumberMoves(shares)) {
      await this.move(processor, segmentId, targetClientId)
    }
  }

  async #tellAll(
    processor: ProcessorIdentity,
    $case: 'pauseEventProcessor' | 'startEventProcessor'
  ): Promise<InstructionOutcome> {
    const status = this.#get(processor)
    const clients = status.instances.map(({ client }) => client)
    return this.instructor.instruct(clients, { $case, value: { processorName: status.name } })
  }

  #release(status: ProcessorStatus, segmentIdentifier: number, keeper: string): Promise<InstructionOutcome> {
    const others = status.instances.map(({ client }) => client).filter(({ clientId }) => clientId !== keeper)
    return this.instructor.instruct(others, {
      $case: 'releaseSegment',
      value: { processorName: status.name, segmentIdentifier }
    })
  }

  #get(processor: ProcessorIdentity): ProcessorStatus {
    const status = this.find(processor)
    if (status !== undefined) return status
    throw new ServerError('AXONIQ-2800', `No connected client runs ${describe(processor)}.`)
  }

  /** The last one, by number, that no other one is preferred to. */
  #pick(
    status: ProcessorStatus,
    isPreferred: (one: ClaimedSegment, other: ClaimedSegment) => boolean
  ): ClaimedSegment {
    let picked: ClaimedSegment | undefined
    for (const segment of claimedSegments(status)) {
      if (picked === undefined || !isPreferred(picked, segment)) picked = segment
    }
    if (picked !== undefined) return picked
    throw new ServerError(
      'AXONIQ-2800',
      `No client has claimed a segment of ${describe(status)}. Start it first.`
    )
  }
}

function clientsOf({ instances }: ProcessorStatus, clientId: string): ConnectedClient[] {
  return instances.map(({ client }) => client).filter(client => client.clientId === clientId)
}

function describe({ name, context, tokenStoreIdentifier }: ProcessorIdentity): string {
  const store = tokenStoreIdentifier === '' ? '' : ` with token store ${tokenStoreIdentifier}`
  return `the event processor ${name} in ${context}${store}`
}
