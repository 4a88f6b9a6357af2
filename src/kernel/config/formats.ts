import type { DurationUnit, Property } from './property.js'

export type Value = string | number | boolean | readonly string[]

/** How the text of a property becomes a value. `parse` never throws: what it cannot read is undefined. */
export interface ValueFormat {
  /** Equal names are equal formats. */
  readonly name: string
  parse(text: string): Value | undefined
  /** Whether a parsed value is one. */
  accepts(value: unknown): boolean
  /** Completes "expected ...". */
  readonly expected: string
}

const formats = new Map<string, ValueFormat>()

export function formatOf(property: Property): ValueFormat {
  const name = formatName(property)
  const known = formats.get(name)
  if (known !== undefined) return known
  const format = { name, ...createFormat(property) }
  formats.set(name, format)
  return format
}

function formatName({ type, unit, choices, min, max }: Property): string {
  return `myelin:${type}:${unit ?? ''}:${choices?.join('|') ?? ''}:${min ?? ''}..${max ?? ''}`
}

function createFormat(property: Property): Omit<ValueFormat, 'name'> {
  switch (property.type) {
    case 'string':
    case 'path':
      return { parse: text => text, accepts: isString, expected: 'a text' }
    case 'boolean':
      return { parse: parseBoolean, accepts: isBoolean, expected: 'true or false (yes, no, on, off, 1, 0)' }
    case 'switch':
      return {
        parse: text => !/^(false|no|off|0)$/i.test(text),
        accepts: isBoolean,
        expected: 'true or false'
      }
    case 'choice':
      return choiceFormat(property.choices ?? [])
    case 'list':
      return { parse: parseList, accepts: Array.isArray, expected: 'a list with commas' }
    case 'durationList':
      return {
        parse: parseDurationList,
        accepts: Array.isArray,
        expected: 'durations with commas, such as 7d,30d'
      }
    case 'int':
      return bounded(property, parseInteger, Number.isSafeInteger, 'a whole number')
    case 'float':
      return bounded(property, parseFloatStrictly, Number.isFinite, 'a number such as 0.03')
    case 'dataSize':
      return bounded(property, parseDataSize, Number.isSafeInteger, 'a size such as 512, 64KB or 256MB')
    case 'duration':
      return durationFormat(property)
  }
}

function bounded(
  { min = -Infinity, max = Infinity }: Property,
  parse: (text: string) => number | undefined,
  accepts: (value: unknown) => boolean,
  kind: string
): Omit<ValueFormat, 'name'> {
  const range =
    min === -Infinity && max === Infinity
      ? ''
      : max === Infinity
        ? `, ${min} or more`
        : ` from ${min === -Infinity ? 'any' : min} to ${max}`
  return {
    parse,
    accepts: value => accepts(value) && (value as number) >= min && (value as number) <= max,
    expected: kind + range
  }
}

function durationFormat(property: Property): Omit<ValueFormat, 'name'> {
  const unit = property.unit ?? 'ms'
  const words = { ms: 'milliseconds', s: 'seconds', h: 'hours' }[unit]
  return bounded(
    { ...property, min: property.min ?? 0 },
    text => parseDuration(text, unit),
    Number.isFinite,
    `a duration: a number (${words}), or with a unit such as 500ms, 30s, 15m, 7d, or PT30S`
  )
}

function choiceFormat(choices: readonly string[]): Omit<ValueFormat, 'name'> {
  const byName = new Map(choices.map(choice => [relaxed(choice), choice]))
  return {
    parse: text => byName.get(relaxed(text)),
    accepts: value => choices.includes(value as string),
    expected: `one of ${choices.join(', ')}`
  }
}

const relaxed = (text: string) => text.toLowerCase().replace(/[-_]/g, '')
const isString = (value: unknown) => typeof value === 'string'
const isBoolean = (value: unknown) => typeof value === 'boolean'

export function parseBoolean(text: string): boolean | undefined {
  if (/^(true|yes|on|1)$/i.test(text)) return true
  if (/^(false|no|off|0)$/i.test(text)) return false
  return undefined
}

export function parseList(text: string): readonly string[] {
  return text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}

function parseInteger(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined
}

function parseFloatStrictly(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}

const sizeUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 2 ** 10,
  mb: 2 ** 20,
  gb: 2 ** 30,
  tb: 2 ** 40
}

function parseDataSize(text: string): number | undefined {
  const match = /^([+-]?\d+)\s*([kmgt]?b)?$/i.exec(text)
  return match === null ? undefined : Number(match[1]) * sizeUnits[match[2]?.toLowerCase() ?? 'b']!
}

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000
}

const isoDuration = /^([+-])?P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i

/** Milliseconds, whole ones. */
export function parseDuration(text: string, unit: DurationUnit): number | undefined {
  const simple = /^([+-]?\d+)(ns|us|ms|s|m|h|d)?$/i.exec(text)
  if (simple !== null) return Math.round(Number(simple[1]) * durationUnits[simple[2]?.toLowerCase() ?? unit]!)
  const iso = isoDuration.exec(text)
  if (iso === null || text.length < 3) return undefined
  const [, sign, days = 0, hours = 0, minutes = 0, seconds = 0] = iso
  const total = Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return Math.round(total * 1000) * (sign === '-' ? -1 : 1)
}

function parseDurationList(text: string): readonly string[] | undefined {
  const items = parseList(text).map(item => parseDuration(item, 'ms'))
  return items.every(item => item !== undefined && item >= 0) ? items.map(String) : undefined
}
