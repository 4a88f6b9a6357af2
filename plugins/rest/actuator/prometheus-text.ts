import type { Measurement } from '../../../src/kernel/index.js'

/** The text exposition format 0.0.4. */
export function prometheusText(measurements: readonly Measurement[]): string {
  const byName = new Map<string, Measurement[]>()
  for (const measurement of measurements) {
    const name = prometheusName(measurement)
    byName.set(name, [...(byName.get(name) ?? []), measurement])
  }
  return [...byName].map(([name, series]) => family(name, series)).join('')
}

function family(name: string, series: readonly Measurement[]): string {
  const { kind, description } = series[0]!
  const lines = [`# HELP ${name} ${description.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`]
  if (kind === 'timer') {
    lines.push(`# TYPE ${name} summary`)
    for (const timer of series) {
      lines.push(
        `${name}_count${labels(timer)} ${timer.value}`,
        `${name}_sum${labels(timer)} ${timer.totalSeconds ?? 0}`
      )
    }
    lines.push(`# HELP ${name}_max ${description}`, `# TYPE ${name}_max gauge`)
    for (const timer of series) lines.push(`${name}_max${labels(timer)} ${timer.maxSeconds ?? 0}`)
  } else {
    lines.push(`# TYPE ${name} ${kind}`)
    for (const measurement of series) lines.push(`${name}${labels(measurement)} ${measurement.value}`)
  }
  return `${lines.join('\n')}\n`
}

function prometheusName({ name, kind, unit }: Measurement): string {
  const base = name.replace(/[^a-zA-Z0-9_:]/g, '_')
  const withUnit =
    unit === 'bytes' || kind === 'timer' ? `${base}_${kind === 'timer' ? 'seconds' : 'bytes'}` : base
  return kind === 'counter' ? `${withUnit}_total` : withUnit
}

function labels({ tags }: Measurement): string {
  const pairs = Object.entries(tags ?? {}).map(
    ([key, value]) => `${key.replace(/[^a-zA-Z0-9_]/g, '_')}=${quoted(value)}`
  )
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function quoted(value: string): string {
  return `"${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`
}
