import type { FastifyRequest } from 'fastify'

/** A request that lacks something or has it in the wrong form: 400, or another 4xx, with these words. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'

  constructor(
    message: string,
    readonly statusCode = 400
  ) {
    super(message)
  }
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

const JSON_TYPE = /^application\/([\w.-]+\+)?json\s*(;|$)/i

export function objectBody(request: FastifyRequest): Readonly<Record<string, unknown>> {
  const text = request.body
  if (typeof text !== 'string' || text === '')
    throw new BadRequest('The request needs a JSON object as its body')
  const type = request.headers['content-type'] ?? ''
  if (!JSON_TYPE.test(type)) {
    throw new BadRequest(
      `The body has the type "${type}": send JSON, with Content-Type: application/json`,
      415
    )
  }
  const body = parse(text)
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new BadRequest('The body must be a JSON object')
  }
  return body as Record<string, unknown>
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BadRequest(`The body is no JSON: ${(error as Error).message}`)
  }
}
