import type { FastifyReply } from 'fastify'
import type { Health, HealthCheck, HealthStatus } from '../../../src/kernel/index.js'
import type { Routes } from '../http-server.js'
import { pathParameter } from '../parameters.js'
import { ACTUATOR_JSON } from './media-type.js'

/** Most severe first. */
const SEVERITY: readonly HealthStatus[] = ['DOWN', 'OUT_OF_SERVICE', 'WARN', 'UP', 'UNKNOWN']

export interface HealthRoutesOptions {
  readonly checks: readonly HealthCheck[]
  readonly basePath: string
  readonly showDetails: boolean
}

/** `/actuator/health`: the worst of its components; 503 only when something is down. */
export function healthRoutes({ checks, basePath, showDetails }: HealthRoutesOptions): Routes {
  const sorted = [...checks].sort((a, b) => (a.name < b.name ? -1 : 1))
  return app => {
    app.get(`${basePath}/health`, async (_request, reply) => {
      const components = await checkAll(sorted)
      const status = worst(Object.values(components).map(component => component.status))
      const body = showDetails ? { status, components, groups: ['liveness', 'readiness'] } : { status }
      return send(reply, status, body)
    })
    app.get(`${basePath}/health/liveness`, async (_request, reply) =>
      sendGroup(reply, sorted, 'livenessState')
    )
    app.get(`${basePath}/health/readiness`, async (_request, reply) =>
      sendGroup(reply, sorted, 'readinessState')
    )
    app.get(`${basePath}/health/:component`, async (request, reply) => {
      const check = sorted.find(({ name }) => name === pathParameter(request, 'component'))
      if (check === undefined) return reply.callNotFound()
      const health = await ask(check)
      return send(reply, health.status, showDetails ? health : { status: health.status })
    })
  }
}

async function checkAll(checks: readonly HealthCheck[]): Promise<Record<string, Health>> {
  const results = await Promise.all(checks.map(async check => [check.name, await ask(check)] as const))
  return Object.fromEntries(results)
}

/** A check that throws is a component that is down, not a request that fails. */
async function ask(check: HealthCheck): Promise<Health> {
  try {
    return await check.check()
  } catch (error) {
    return { status: 'DOWN', details: { error: error instanceof Error ? error.message : String(error) } }
  }
}

async function sendGroup(
  reply: FastifyReply,
  checks: readonly HealthCheck[],
  name: string
): Promise<FastifyReply> {
  const check = checks.find(candidate => candidate.name === name)
  const status = check === undefined ? 'UNKNOWN' : (await ask(check)).status
  return send(reply, status, { status })
}

function worst(statuses: readonly HealthStatus[]): HealthStatus {
  return SEVERITY.find(status => statuses.includes(status)) ?? 'UNKNOWN'
}

function send(reply: FastifyReply, status: HealthStatus, body: unknown): FastifyReply {
  return reply
    .code(status === 'DOWN' || status === 'OUT_OF_SERVICE' ? 503 : 200)
    .type(ACTUATOR_JSON)
    .send(JSON.stringify(body))
}
