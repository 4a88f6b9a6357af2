import type { Routes } from '../http-server.js'
import { ACTUATOR_JSON } from './media-type.js'

export interface InfoRoutesOptions {
  readonly basePath: string
  readonly name: string
  readonly description: string
  readonly version: string
}

/** `/actuator` and `/actuator/info`: probes and client test suites read `app.version`. */
export function infoRoutes({ basePath, name, description, version }: InfoRoutesOptions): Routes {
  return app => {
    app.get(`${basePath}/info`, async (_request, reply) =>
      reply.type(ACTUATOR_JSON).send(JSON.stringify({ app: { name, description, version } }))
    )
    app.get(basePath, async (request, reply) => {
      const base = `${request.protocol}://${request.host}${basePath}`
      const link = (path: string) => ({ href: base + path, templated: path.includes('{') })
      const links = {
        self: link(''),
        health: link('/health'),
        'health-path': link('/health/{*path}'),
        info: link('/info'),
        metrics: link('/metrics'),
        'metrics-requiredMetricName': link('/metrics/{requiredMetricName}'),
        prometheus: link('/prometheus')
      }
      return reply.type(ACTUATOR_JSON).send(JSON.stringify({ _links: links }))
    })
  }
}
