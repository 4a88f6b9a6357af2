import type { Measurement } from '../../../src/kernel/index.js'

/** One meter of `/actuator/metrics`: the sum over these measurements, which differ in their tags only. */
export function metricJson(measurements: readonly Measurement[]): string {
  const { name, description, unit } = measurements[0]!
  const head = JSON.stringify({ name, description, ...(unit === undefined ? {} : { baseUnit: unit }) })
  const tags = JSON.stringify(availableTags(measurements))
  return `${head.slice(0, -1)},"measurements":[${statistics(measurements)}],"availableTags":${tags}}`
}

function availableTags(measurements: readonly Measurement[]): { tag: string; values: string[] }[] {
  const tags = new Map<string, Set<string>>()
  for (const measurement of measurements) {
    for (const [key, value] of Object.entries(measurement.tags ?? {})) {
      const values = tags.get(key) ?? new Set()
      tags.set(key, values.add(value))
    }
  }
  return [...tags].map(([tag, values]) => ({ tag, values: [...values] }))
}

function statistics(measurements: readonly Measurement[]): string {
  const { kind } = measurements[0]!
  const sum = (read: (measurement: Measurement) => number | undefined) =>
    measurements.reduce((total, measurement) => total + (read(measurement) ?? 0), 0)
  const count = sum(({ value }) => value)
  if (kind !== 'timer') return statistic(kind === 'counter' ? 'COUNT' : 'VALUE', count)
  const maxSeconds = measurements.reduce((max, measurement) => Math.max(max, measurement.maxSeconds ?? 0), 0)
  return [
    statistic('COUNT', count),
    statistic(
      'TOTAL_TIME',
      sum(({ totalSeconds }) => totalSeconds)
    ),
    statistic('MAX', maxSeconds)
  ].join(',')
}

function statistic(name: string, value: number): string {
  return `{"statistic":"${name}","value":${decimal(value)}}`
}

/** Readers expect a decimal point, also before an exponent; what JSON has no number for is a text. */
function decimal(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`
  const text = String(value)
  if (text.includes('.')) return text
  const exponent = text.indexOf('e')
  return exponent < 0 ? `${text}.0` : `${text.slice(0, exponent)}.0${text.slice(exponent)}`
}
