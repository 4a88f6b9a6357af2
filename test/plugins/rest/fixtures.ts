import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Test } from 'tap'
import { createHttpServer, type HttpServerOptions, type Routes } from '../../../plugins/rest/http-server.js'
import { type Logger, silentLogger } from '../../../src/kernel/index.js'

/** An HTTP server without a port, gone when the test is over. */
export async function serve(
  t: Test,
  routes: readonly Routes[],
  changes: Partial<HttpServerOptions> = {}
): Promise<FastifyInstance> {
  const options = {
    product: 'Product',
    version: '1.2.3',
    contextPath: '',
    trustProxy: false,
    log: silentLogger
  }
  const app = createHttpServer({ ...options, ...changes }, routes)
  await app.ready()
  t.teardown(() => app.close())
  return app
}

/** Status and body, parsed if it is JSON. */
export async function ask(app: FastifyInstance, request: InjectOptions | string) {
  const { statusCode: status, headers, body } = await app.inject(request)
  const isJson = /json/.test(`${headers['content-type']}`)
  return { status, headers, body: (isJson ? JSON.parse(body) : body) as unknown, text: body }
}

export class ErrorLog implements Logger {
  readonly errors: unknown[] = []
  readonly trace = () => {}
  readonly debug = () => {}
  readonly info = () => {}
  readonly warn = () => {}
  readonly error = (fields: unknown) => void this.errors.push(fields)

  child(): Logger {
    return this
  }
}
