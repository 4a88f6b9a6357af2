import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../../src/kernel/index.js'
import { errorCodes, ServerError } from '../../src/wire/index.js'

export interface ErrorRepliesOptions {
  readonly product: string
  readonly version: string
  readonly log: Logger
}

/** What callers get when something fails: text with a code for the server's own errors, otherwise an object. */
export class ErrorReplies {
  constructor(private readonly options: ErrorRepliesOptions) {}

  send(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (error instanceof ServerError) {
      return reply
        .code(errorCodes[error.code].httpStatus)
        .header('AxonIQ-ErrorCode', error.code)
        .type('text/plain; charset=utf-8')
        .send(`[${error.code}] ${error.message}`)
    }
    const status = error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : 500
    if (status === 500) {
      const path = request.routeOptions.url
      this.options.log.error({ method: request.method, path, error }, 'an HTTP request failed')
    }
    return this.problem(request, reply, status, error.message)
  }

  problem(request: FastifyRequest, reply: FastifyReply, status: number, message?: string): FastifyReply {
    const reason = STATUS_CODES[status] ?? 'Error'
    return reply
      .code(status)
      .type('application/json; charset=utf-8')
      .send({
        timestamp: Date.now(),
        status,
        error: reason,
        message: message ?? reason,
        path: request.url.split('?')[0],
        asVersion: this.options.version,
        product: this.options.product
      })
  }
}
