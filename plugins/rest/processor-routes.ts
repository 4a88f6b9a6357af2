import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  balancingStrategies,
  type InstructionOutcome,
  type Messaging,
  type ProcessorIdentity,
  type ProcessorStatus,
  processorOverview
} from '../../src/messaging/index.js'
import { errorCodes, ServerError } from '../../src/wire/index.js'
import type { Routes } from './http-server.js'
import { BadRequest, contextFilter, pathParameter, requiredQuery } from './parameters.js'

const PROCESSOR = '/v1/components/:component/processors/:processor'
/** The protocol's segment numbers are int32. */
const SEGMENT_MAX = 2 ** 31 - 1

/** Event processors of connected applications, and what may be done with them. */
export function processorRoutes({ processors }: Messaging): Routes {
  return app => {
    app.get('/v1/components/:component/processors', async request => {
      const contexts = contextFilter(request)
      return processors
        .ofComponent(pathParameter(request, 'component'))
        .filter(status => contexts === undefined || contexts.has(status.context))
        .map(processorJson)
    })
    app.get('/v1/processors/:processor/clients', async request =>
      (processors.find(identityOf(request))?.instances ?? []).map(({ client }) => client.clientId)
    )
    app.get('/v1/processors/loadbalance/strategies', async () => balancingStrategies)
    app.patch('/v1/processors/:processor/loadbalance', async (request, reply) => {
      await processors.balance(identityOf(request), requiredQuery(request, 'strategy'))
      return reply.code(200).send()
    })

    const operation = (
      path: string,
      done: string,
      run: (request: FastifyRequest) => Promise<InstructionOutcome>
    ) =>
      app.patch(PROCESSOR + path, (request, reply) =>
        answer(reply, () => run(request), `processor ${pathParameter(request, 'processor')} ${done}`)
      )
    operation('/pause', 'paused', request => processors.pause(identityOf(request)))
    operation('/start', 'started', request => processors.start(identityOf(request)))
    operation('/segments/split', 'split', request => processors.split(identityOf(request)))
    operation('/segments/merge', 'merged', request => processors.merge(identityOf(request)))
    app.patch(`${PROCESSOR}/segments/:segment/move`, async (request, reply) => {
      const segment = segmentOf(request)
      return answer(
        reply,
        () => processors.move(identityOf(request), segment, requiredQuery(request, 'target')),
        `processor ${pathParameter(request, 'processor')} segment ${segment} moved`
      )
    })
  }
}

function identityOf(request: FastifyRequest): ProcessorIdentity {
  return {
    name: pathParameter(request, 'processor'),
    context: requiredQuery(request, 'context'),
    tokenStoreIdentifier: requiredQuery(request, 'tokenStoreIdentifier')
  }
}

function segmentOf(request: FastifyRequest): number {
  const text = pathParameter(request, 'segment')
  const segment = Number(text)
  if (/^\d+$/.test(text) && segment <= SEGMENT_MAX) return segment
  throw new BadRequest(`The segment must be a number from 0 to ${SEGMENT_MAX}, not "${text}"`)
}

/** 200 when the clients say that it is done, 202 when they only say that they heard; errors in the same form. */
async function answer(
  reply: FastifyReply,
  run: () => Promise<InstructionOutcome>,
  done: string
): Promise<FastifyReply> {
  try {
    const outcome = await run()
    return reply.code(outcome === 'success' ? 200 : 202).send({ success: true, message: done })
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    const body = { success: false, message: `[${error.code}] ${error.message}` }
    return reply.code(errorCodes[error.code].httpStatus).header('AxonIQ-ErrorCode', error.code).send(body)
  }
}

function processorJson(status: ProcessorStatus): object {
  const overview = processorOverview(status)
  const { name, context, mode, isStreaming } = status
  if (!isStreaming) return { name, context, mode, isStreaming, fullName: name, warnings: [] }
  return {
    name,
    context,
    mode,
    isStreaming,
    ...overview,
    warnings: overview.warnings.map(message => ({ message })),
    tokenStoreIdentifier: status.tokenStoreIdentifier,
    trackers: overview.trackers.map(
      ({ clientId, segmentId, caughtUp, replaying, tokenPosition, errorState, onePartOf }) => ({
        clientId,
        segmentId,
        caughtUp,
        replaying,
        tokenPosition,
        errorState,
        onePartOf
      })
    )
  }
}
