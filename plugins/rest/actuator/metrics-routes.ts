import type { Measurement, MetricsSource } from '../../../src/kernel/index.js'
import type { Routes } from '../http-server.js'
import { pathParameter } from '../parameters.js'
import { ACTUATOR_JSON } from './media-type.js'
import { prometheusText } from './prometheus-text.js'

export interface MetricsRoutesOptions {
  readonly basePath: string
  readonly sources: readonly MetricsSource[]
  /** Every meter carries it. */
  readonly nodeName: string
}

/** `/actuator/metrics` and `/actuator/prometheus`, collected when somebody asks. */
export function metricsRoutes({ basePath, sources, nodeName }: MetricsRoutesOptions): Routes {
  const collect = (): Measurement[] =>
    sources.flatMap(source =>
      [...source.measurements()].map(measurement => ({
        ...measurement,
        tags: { ...measurement.tags, axonserver: nodeName }
      }))
    )
  return app => {
    app.get(`${basePath}/metrics`, async (_request, reply) => {
      const names = [...new Set(collect().map(({ name }) => name))].sort()
      return reply.type(ACTUATOR_JSON).send(JSON.stringify({ names }))
    })
    app.get(`${basePath}/metrics/:name`, async (request, reply) => {
      const wanted = collect()
        .filter(({ name }) => name === pathParameter(request, 'name'))
        .filter(measurement => hasTags(measurement, tagsOf(request.query)))
      if (wanted.length === 0) return reply.callNotFound()
      return reply.type(ACTUATOR_JSON).send(metricJson(wanted))
    })
    app.get(`${basePath}/prometheus`, async (_request, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(prometheusText(collect()))
    )
  }
}

function tagsOf(query: unknown): [key: string, value: string][] {
  const { tag } = query as { tag?: string | string[] }
  return [tag ?? []].flat().map(text => {
    const colon = text.indexOf(':')
    return [text.slice(0, colon), text.slice(colon + 1)]
  })
}

function hasTags(measurement: Measurement, wanted: readonly [string, string][]): boolean {
  return wanted.every(([key, value]) => measurement.tags?.[key] === value)
}

function metricJson(measurements: readonly Measurement[]): string {
  const { name, description, unit } = measurements[0]!
  const tags = new Map<string, Set<string>>()
  for (const measurement of measurements) {
    for (const [key, value] of Object.entries(measurement.tags ?? {})) {
      tags.set(key, (tags.get(key) ?? new Set()).add(value))
    }
  }
  const availableTags = [...tags].map(([tag, values]) => ({ tag, values: [...values] }))
  const head = JSON.stringify({ name, description, ...(unit === undefined ? {} : { baseUnit: unit }) })
  return `${head.slice(0, -1)},"measurements":[${statistics(measurements)}],"availableTags":${JSON.stringify(availableTags)}}`
}

/** Readers expect numbers with a decimal point. */
function statistics(measurements: readonly Measurement[]): string {
  const sum = (read: (measurement: Measurement) => number | undefined) =>
    measurements.reduce((total, measurement) => total + (read(measurement) ?? 0), 0)
  const max = Math.max(...measurements.map(measurement => measurement.maxSeconds ?? 0))
  const values: [string, number][] =
    measurements[0]!.kind === 'timer'
      ? [
          ['COUNT', sum(m => m.value)],
          ['TOTAL_TIME', sum(m => m.totalSeconds)],
          ['MAX', max]
        ]
      : [[measurements[0]!.kind === 'counter' ? 'COUNT' : 'VALUE', sum(m => m.value)]]
  return values
    .map(([statistic, value]) => `{"statistic":"${statistic}","value":${decimal(value)}}`)
    .join(',')
}

function decimal(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value)
}
