import type { FastifyReply, FastifyRequest } from 'fastify'

const ACTUATOR_JSON = 'application/vnd.spring-boot.actuator.v3+json'

/** Under the type that tools for these endpoints know, or as plain JSON for those who ask for that. Bytes: to a text the framework adds a charset. */
export function sendActuatorJson(request: FastifyRequest, reply: FastifyReply, json: string): FastifyReply {
  const asksForPlain = /(^|[,\s])application\/json\b/i.test(request.headers.accept ?? '')
  return reply.type(asksForPlain ? 'application/json' : ACTUATOR_JSON).send(Buffer.from(json))
}
