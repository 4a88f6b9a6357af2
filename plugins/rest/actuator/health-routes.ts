import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Health, type HealthCheck, type HealthStatus, reasonOf } from '../../../src/kernel/index.js'
import type { Routes } from '../http-server.js'
import { pathParameter } from '../parameters.js'
import { sendActuatorJson } from './actuator-json.js'

/** Most severe first. */
const SEVERITY: readonly HealthStatus[] = ['DOWN', 'OUT_OF_SERVICE', 'WARN', 'UP', 'UNKNOWN']

export interface HealthRoutesOptions {
  readonly checks: readonly HealthCheck[]
  readonly basePath: string
  readonly showDetails: boolean
  readonly probes: boolean
}

/** Probe to the component that it asks. */
const PROBES = { liveness: 'livenessState', readiness: 'readinessState' }

/** `/actuator/health`: the worst of its components; 503 only when something is down. */
export function healthRoutes({ checks, basePath, showDetails, probes }: HealthRoutesOptions): Routes {
  const sorted = [...checks].sort((a, b) => (a.name < b.name ? -1 : 1))
  const groups = probes ? { groups: Object.keys(PROBES) } : {}
  return app => {
    app.get(`${basePath}/health`, async (request, reply) => {
      const components = await checkAll(sorted)
      const status = worst(Object.values(components).map(component => component.status))
      const parts = showDetails ? { components } : {}
      return send(request, reply, { status, ...parts, ...groups })
    })
    app.get(`${basePath}/health/:component`, async (request, reply) => {
      const check = sorted.find(({ name }) => name === pathParameter(request, 'component'))
      if (check === undefined) return reply.callNotFound()
      const health = await ask(check)
      return send(request, reply, showDetails ? health : { status: health.status })
    })
    if (!probes) return
    for (const [probe, component] of Object.entries(PROBES)) {
      const check = sorted.find(({ name }) => name === component)
      app.get(`${basePath}/health/${probe}`, async (request, reply) => {
        const status = check === undefined ? 'UNKNOWN' : (await ask(check)).status
        return send(request, reply, { status })
      })
    }
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
    return { status: 'DOWN', details: { error: reasonOf(error) } }
  }
}

function worst(statuses: readonly HealthStatus[]): HealthStatus {
  return SEVERITY.find(status => statuses.includes(status)) ?? 'UNKNOWN'
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  body: { readonly status: HealthStatus }
): FastifyReply {
  const isDown = body.status === 'DOWN' || body.status === 'OUT_OF_SERVICE'
  return sendActuatorJson(request, reply.code(isDown ? 503 : 200), JSON.stringify(body))
}
