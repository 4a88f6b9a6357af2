import type { Measurement } from '../../../src/kernel/index.js'

/** The text exposition format 0.0.4. */
export function prometheusText(measurements: readonly Measurement[]): string {
  const families = new Map<string, Measurement[]>()
  for (const measurement of measurements) {
    const name = prometheusName(measurement)
    const family = families.get(name)
    if (family === undefined) families.set(name, [measurement])
    else family.push(measurement)
  }
  return [...families].flatMap(([name, family]) => lines(name, family)).join('')
}

function lines(name: string, family: readonly Measurement[]): string[] {
  const { kind, description } = family[0]!
  if (kind !== 'timer') {
    return [
      head(name, kind, description),
      ...family.map(measurement => sample(name, measurement, measurement.value))
    ]
  }
  return [
    head(name, 'summary', description),
    ...family.flatMap(timer => [
      sample(`${name}_count`, timer, timer.value),
      sample(`${name}_sum`, timer, timer.totalSeconds ?? 0)
    ]),
    head(`${name}_max`, 'gauge', `${description}: the longest`),
    ...family.map(timer => sample(`${name}_max`, timer, timer.maxSeconds ?? 0))
  ]
}

function head(name: string, type: string, description: string): string {
  const text = description.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
  return `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n`
}

function sample(name: string, measurement: Measurement, value: number): string {
  return `${name}${labels(measurement)} ${number(value)}\n`
}

function prometheusName({ name, kind, unit }: Measurement): string {
  let result = name.replace(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=\d)/, '_')
  const baseUnit = kind === 'timer' ? 'seconds' : unit
  if (baseUnit !== undefined) result = withSuffix(result, `_${baseUnit}`)
  return kind === 'counter' ? withSuffix(result, '_total') : result
}

function withSuffix(name: string, suffix: string): string {
  return name.endsWith(suffix) ? name : name + suffix
}

function labels({ tags }: Measurement): string {
  const pairs = Object.entries(tags ?? {})
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `${labelName(key)}="${quoted(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function labelName(key: string): string {
  return key.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_')
}

function quoted(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}

function number(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value)
  return value > 0 ? '+Inf' : '-Inf'
}
