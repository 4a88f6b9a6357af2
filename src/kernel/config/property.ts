import type { PropertyType } from '../plugin.js'

export type ValueType = PropertyType | 'switch' | 'choice' | 'durationList'

export type DurationUnit = 'ms' | 's' | 'h'

/** One row of the property table, which drives the schemas, docs/configuration.md and the tests. */
export interface Property {
  /** Canonical kebab-case name. `<...>` stands for one free element (or, at the end, several): a map. */
  readonly name: string
  readonly group: string
  readonly type: ValueType
  /** As one would write it in a file; null: no default. */
  readonly default: string | null
  readonly doc: string
  /** Says the default in words where it is a rule. */
  readonly defaultText?: string
  /** While unset, the value is that of this property. */
  readonly inherits?: string
  /** Other names, relaxed spellings not counted. */
  readonly aliases?: readonly string[]
  readonly sensitive?: boolean
  /** Unit of a duration that is a plain number; milliseconds unless stated. */
  readonly unit?: DurationUnit
  readonly choices?: readonly string[]
  /** Bounds of an int, duration (milliseconds) or dataSize (bytes). */
  readonly min?: number
  readonly max?: number
  /** Present: the property is accepted without effect, and this says why. */
  readonly accepted?: string
}

export type Options = Omit<Partial<Property>, 'name' | 'type' | 'default' | 'doc'>
type Row = Omit<Property, 'group'>
type Default = string | number | boolean | null

const row =
  (type: ValueType) =>
  (name: string, defaultValue: Default, doc: string, options: Options = {}): Row => ({
    name,
    type,
    default: defaultValue === null ? null : String(defaultValue),
    doc,
    ...options
  })

export const text = row('string')
export const flag = row('boolean')
/** Tested by presence: every value but `false` is true. */
export const onUnlessFalse = row('switch')
export const int = row('int')
export const float = row('float')
export const duration = row('duration')
export const durationList = row('durationList')
export const dataSize = row('dataSize')
export const list = row('list')
export const path = row('path')

export const choice = (
  name: string,
  choices: readonly string[],
  defaultValue: string | null,
  doc: string,
  options: Options = {}
): Row => ({ ...row('choice')(name, defaultValue, doc, options), choices })

/** Names that start with a dot are completed with the prefix. */
export function group(name: string, prefix: string, rows: readonly Row[]): readonly Property[] {
  const complete = (written: string) => (written.startsWith('.') ? prefix + written : written)
  return rows.map(({ name: short, aliases, inherits, ...rest }) => ({
    ...rest,
    name: complete(short),
    group: name,
    ...(aliases && { aliases: aliases.map(complete) }),
    ...(inherits && { inherits: complete(inherits) })
  }))
}

/** The fixed part of a map's name, before `.<...>`. */
export function mapPrefix(name: string): string | undefined {
  const start = name.indexOf('.<')
  return start < 0 ? undefined : name.slice(0, start)
}
