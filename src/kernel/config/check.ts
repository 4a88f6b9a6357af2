import { type LoadOptions, type Reading, readConfiguration } from './configuration.js'
import { ConfigurationError } from './configuration-error.js'

export interface CheckResult {
  readonly text: string
  /** 1 when anything is wrong, warnings included. */
  readonly exitCode: number
}

/** `myelin config check [FILE]`: reads the configuration as a start would, and says what would come of it. */
export function checkConfiguration(options: LoadOptions): CheckResult {
  try {
    return describe(readConfiguration(options))
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return { text: section('Errors', error.problems), exitCode: 1 }
  }
}

function describe(reading: Reading): CheckResult {
  const { problems, warnings, notes } = reading
  const effective = reading.effective()
  const set = effective.filter(({ source }) => source !== 'default')
  const width = Math.max(0, ...set.map(({ name }) => name.length))
  const lines = set.map(({ name, value = '', source }) => `${name.padEnd(width)} = ${value}   (${source})`)
  const isGood = problems.length + warnings.length === 0
  const text = [
    section('Errors', problems),
    section('Warnings', warnings),
    section('Set without effect', notes),
    section('Set', lines),
    `${effective.length - set.length} properties have their defaults, see docs/configuration.md.\n`,
    isGood ? 'The configuration is good.\n' : `${problems.length} errors, ${warnings.length} warnings.\n`
  ]
  return { text: text.filter(part => part !== '').join('\n'), exitCode: isGood ? 0 : 1 }
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n${lines.map(line => `  ${line}\n`).join('')}`
}
