import type { HealthCheck, MetricsSource } from '../../../src/kernel/index.js'
import type { Routes } from '../http-server.js'
import { sendActuatorJson } from './actuator-json.js'
import { healthRoutes } from './health-routes.js'
import { metricsRoutes, prometheusRoutes } from './metrics-routes.js'

export interface ActuatorOptions {
  /** Empty, or with a slash at its beginning and none at its end. */
  readonly basePath: string
  readonly exposes: (endpoint: string) => boolean
  readonly app: { readonly name: string; readonly description: string; readonly version: string } | undefined
  readonly checks: readonly HealthCheck[]
  readonly showDetails: boolean
  /** Whether liveness and readiness can be asked for apart. */
  readonly probes: boolean
  readonly sources: readonly MetricsSource[]
  readonly nodeName: string
}

interface Endpoint {
  readonly name: string
  readonly links: readonly (readonly [name: string, path: string])[]
  readonly routes: Routes
}

/** Health, figures and information about the product for operators, as far as they are exposed. */
export function actuatorRoutes(options: ActuatorOptions): Routes {
  const endpoints = allEndpoints(options).filter(({ name }) => options.exposes(name))
  return app => {
    for (const { routes } of endpoints) routes(app)
    // At the root there is no list of links: that path is the dashboard's.
    if (options.basePath === '') return
    app.get(options.basePath, async (request, reply) => {
      const base = `${request.protocol}://${request.host}${request.url.split('?')[0]}`
      const links = [['self', ''] as const, ...endpoints.flatMap(endpoint => endpoint.links)].map(
        ([name, path]) => [name, { href: base + path, templated: path.includes('{') }]
      )
      return sendActuatorJson(request, reply, JSON.stringify({ _links: Object.fromEntries(links) }))
    })
  }
}

function allEndpoints(options: ActuatorOptions): Endpoint[] {
  return [
    {
      name: 'health',
      links: [
        ['health', '/health'],
        ['health-path', '/health/{*path}']
      ],
      routes: healthRoutes(options)
    },
    { name: 'info', links: [['info', '/info']], routes: infoRoutes(options) },
    {
      name: 'metrics',
      links: [
        ['metrics', '/metrics'],
        ['metrics-requiredMetricName', '/metrics/{requiredMetricName}']
      ],
      routes: metricsRoutes(options)
    },
    { name: 'prometheus', links: [['prometheus', '/prometheus']], routes: prometheusRoutes(options) }
  ]
}

/** Probes and client test suites read `app.version`. */
function infoRoutes({ basePath, app: description }: ActuatorOptions): Routes {
  const body = JSON.stringify({ app: description })
  return app => {
    app.get(`${basePath}/info`, async (request, reply) => sendActuatorJson(request, reply, body))
  }
}
