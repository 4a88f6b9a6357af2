import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Logger } from '../../src/kernel/index.js'
import { ErrorReplies } from './error-replies.js'
import { RouteTable } from './route-table.js'

export interface HttpServerOptions {
  readonly product: string
  readonly version: string
  /** In front of every path; empty, or with a slash at its beginning and none at its end. */
  readonly contextPath: string
  /** Whether a proxy's X-Forwarded headers are believed. */
  readonly trustProxy: boolean
  readonly log: Logger
}

export type Routes = (app: FastifyInstance) => void

const BODY_BYTES_MAX = 1024 * 1024
const CONNECTION_IDLE_MS = 60_000
const REQUEST_RECEIVE_MS = 60_000
/** Names of components, processors and queries are full class names with generic parameters. */
const PATH_PARAMETER_MAX = 2000

/** The HTTP server with the conventions that scripts and tools rely on; what it serves comes from the routes. */
export function createHttpServer(options: HttpServerOptions, routes: readonly Routes[]): FastifyInstance {
  const replies = new ErrorReplies(options)
  const app = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    keepAliveTimeout: CONNECTION_IDLE_MS,
    requestTimeout: REQUEST_RECEIVE_MS,
    forceCloseConnections: true,
    trustProxy: options.trustProxy,
    routerOptions: { maxParamLength: PATH_PARAMETER_MAX },
    frameworkErrors: (error, request, reply) => {
      void replies.send(error, request as FastifyRequest, reply)
    }
  })
  keepBodiesUnread(app)
  const table = new RouteTable(app)
  app.setErrorHandler((error, request, reply) => replies.send(error as FastifyError, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const methods = table.methodsOf(request.url)
    if (methods.length === 0 || methods.includes(request.method)) return replies.problem(request, reply, 404)
    return replies.problem(request, reply.header('Allow', methods.join(', ')), 405)
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

/** Whoever needs a body reads it, see `objectBody`: clients also send empty ones, and types that nobody reads. */
function keepBodiesUnread(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
}
