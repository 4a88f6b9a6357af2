import type { FastifyRequest } from 'fastify'

/** A request that lacks something or has it in the wrong form: 400 with these words. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
  readonly statusCode = 400
}

export function pathParameter(request: FastifyRequest, name: string): string {
  return (request.params as Record<string, string>)[name]!
}

export function query(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, string | string[] | undefined>)[name]
  return Array.isArray(value) ? value[0] : value
}

export function requiredQuery(request: FastifyRequest, name: string): string {
  const value = query(request, name)
  if (value === undefined) throw new BadRequest(`Required request parameter '${name}' is missing`)
  return value
}

/** The context that a listing is about: undefined for any, otherwise one or several names. */
export function contextFilter(request: FastifyRequest): ReadonlySet<string> | undefined {
  const value = requiredQuery(request, 'context')
  if (value === '' || value === 'null') return undefined
  return new Set(value.split(',').map(name => name.trim()))
}

export function objectBody(request: FastifyRequest): Readonly<Record<string, unknown>> {
  const { body } = request
  if (body === null || typeof body !== 'object' || Array.isArray(body) || Buffer.isBuffer(body)) {
    throw new BadRequest('The body must be a JSON object (Content-Type: application/json)')
  }
  return body as Record<string, unknown>
}
