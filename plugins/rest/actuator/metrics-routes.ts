import type { FastifyRequest } from 'fastify'
import type { Measurement, MetricsSource } from '../../../src/kernel/index.js'
import type { Routes } from '../http-server.js'
import { BadRequest, pathParameter } from '../parameters.js'
import { sendActuatorJson } from './actuator-json.js'
import { metricJson } from './metric-json.js'
import { prometheusText } from './prometheus-text.js'

export interface MetricsRoutesOptions {
  readonly basePath: string
  readonly sources: readonly MetricsSource[]
  /** Every meter carries it. */
  readonly nodeName: string
}

/** `/actuator/metrics`, collected when somebody asks. */
export function metricsRoutes(options: MetricsRoutesOptions): Routes {
  const { basePath } = options
  return app => {
    app.get(`${basePath}/metrics`, async (request, reply) => {
      const names = [...new Set(collect(options).map(({ name }) => name))].sort()
      return sendActuatorJson(request, reply, JSON.stringify({ names }))
    })
    app.get(`${basePath}/metrics/:name`, async (request, reply) => {
      const tags = tagsOf(request)
      const wanted = collect(options)
        .filter(({ name }) => name === pathParameter(request, 'name'))
        .filter(measurement => tags.every(([key, value]) => measurement.tags?.[key] === value))
      if (wanted.length === 0) return reply.callNotFound()
      return sendActuatorJson(request, reply, metricJson(wanted))
    })
  }
}

/** `/actuator/prometheus`. */
export function prometheusRoutes(options: MetricsRoutesOptions): Routes {
  return app => {
    app.get(`${options.basePath}/prometheus`, async (_request, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(prometheusText(collect(options)))
    )
  }
}

function collect({ sources, nodeName }: MetricsRoutesOptions): Measurement[] {
  return sources.flatMap(source =>
    [...source.measurements()].map(measurement => ({
      ...measurement,
      tags: { ...measurement.tags, axonserver: nodeName }
    }))
  )
}

function tagsOf(request: FastifyRequest): (readonly [key: string, value: string])[] {
  const { tag } = request.query as { readonly tag?: string | string[] }
  return [tag ?? []].flat().map(text => {
    const colon = text.indexOf(':')
    if (colon < 1) throw new BadRequest(`A tag is asked for as tag=key:value, not tag=${text}`)
    return [text.slice(0, colon), text.slice(colon + 1)]
  })
}
