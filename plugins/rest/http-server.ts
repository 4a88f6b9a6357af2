import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest
} from 'fastify'
import type { Logger } from '../../src/kernel/index.js'
import { errorCodes, ServerError } from '../../src/wire/index.js'
import { RouteTable } from './route-table.js'

export interface HttpServerOptions {
  readonly product: string
  readonly version: string
  readonly contextPath: string
  readonly log: Logger
}

export type Routes = (app: FastifyInstance) => void

const BODY_BYTES_MAX = 25 * 1024 * 1024
const CONNECTION_IDLE_MS = 60_000

/** The HTTP server with the conventions that scripts and tools rely on; what it serves comes from the routes. */
export function createHttpServer(options: HttpServerOptions, routes: readonly Routes[]): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    keepAliveTimeout: CONNECTION_IDLE_MS,
    forceCloseConnections: true
  })
  acceptBodies(app)
  const table = new RouteTable(app)
  app.setErrorHandler((error, request, reply) => sendError(options, error as FastifyError, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const status = table.hasOtherMethod(request.method, request.url) ? 405 : 404
    return sendProblem(options, request, reply, status, status === 405 ? 'Method Not Allowed' : 'Not Found')
  })
  app.register(
    (scope, _options, done) => {
      for (const add of routes) add(scope)
      done()
    },
    { prefix: options.contextPath }
  )
  return app
}

/** Clients send a JSON content type without a body, and bodies of types that nobody reads. */
function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    try {
      done(null, JSON.parse(body as string))
    } catch (error) {
      done(Object.assign(new Error(`The body is no JSON: ${(error as Error).message}`), { statusCode: 400 }))
    }
  })
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

function sendError(
  options: HttpServerOptions,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply
): FastifyReply {
  if (error instanceof ServerError) {
    return reply
      .code(errorCodes[error.code].httpStatus)
      .header('AxonIQ-ErrorCode', error.code)
      .type('text/plain; charset=utf-8')
      .send(`[${error.code}] ${error.message}`)
  }
  const status = error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : 500
  if (status === 500)
    options.log.error(
      { method: request.method, path: request.routeOptions.url, error },
      'an HTTP request failed'
    )
  return sendProblem(options, request, reply, status, error.message)
}

function sendProblem(
  options: HttpServerOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  message: string
): FastifyReply {
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send({
      timestamp: Date.now(),
      status,
      error: reply.raw.statusMessage || STATUS_TEXT[status] || 'Error',
      message,
      path: request.url.split('?')[0],
      asVersion: options.version,
      product: options.product
    })
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error'
}
