import convict from 'convict'
import { formatOf, type Value } from './formats.js'
import { mapPrefix, type Property } from './property.js'
import type { SetProperty } from './resolved-values.js'

export interface Validation {
  /** By canonical name: all properties, and all set entries of maps. Null: neither set nor a default. */
  readonly values: ReadonlyMap<string, Value | null>
  readonly problems: readonly string[]
}

/** Runs the table and what is set through convict, whose keys are the canonical names with `/` for `.`. */
export function validate(properties: readonly Property[], set: Iterable<SetProperty>): Validation {
  const entries = [...set]
  const schema: Record<string, convict.SchemaObj<Value | null>> = {}
  for (const property of properties) {
    if (mapPrefix(property.name) === undefined) schema[schemaKey(property.name)] = schemaOf(property)
  }
  const loaded: Record<string, string | readonly string[]> = {}
  for (const { match, value } of entries) {
    const key = schemaKey(match.name)
    if (match.mapKey !== undefined) schema[key] = schemaOf({ ...match.property, default: null })
    loaded[key] = textOrItems(match.property, value)
  }
  const config = convict(schema, { env: {}, args: [] }).load(loaded)
  try {
    config.validate({ allowed: 'strict' })
  } catch (error) {
    return { values: new Map(), problems: explain(entries, error) }
  }
  const values = new Map<string, Value | null>()
  for (const property of properties) values.set(property.name, null)
  const result = config.getProperties() as Record<string, Value | null>
  for (const property of properties) {
    if (mapPrefix(property.name) === undefined)
      values.set(property.name, result[schemaKey(property.name)] ?? null)
  }
  for (const { match } of entries) values.set(match.name, result[schemaKey(match.name)] ?? null)
  return { values, problems: [] }
}

function schemaKey(name: string): string {
  return name.replaceAll('.', '/')
}

function schemaOf(property: Property): convict.SchemaObj<Value | null> {
  return {
    doc: property.doc,
    format: registered(property) as convict.PredefinedFormat,
    default: property.default,
    nullable: property.default === null,
    sensitive: property.sensitive === true
  }
}

const registeredFormats = new Set<string>()

function registered(property: Property): string {
  const format = formatOf(property)
  if (!registeredFormats.has(format.name)) {
    registeredFormats.add(format.name)
    convict.addFormat({
      name: format.name,
      // A coerce that throws would leave convict before it validates: what cannot be read goes on as it is.
      coerce: (value: string) => format.parse(value) ?? value,
      validate: (value: unknown) => {
        if (!format.accepts(value)) throw new Error(`expected ${format.expected}`)
      }
    })
  }
  return format.name
}

/** Lists may come as items; for everything else a list is a text with commas. */
function textOrItems({ type }: Property, value: string | readonly string[]): string | readonly string[] {
  return typeof value === 'string' || type === 'list' ? value : value.join(',')
}

/** convict decides; the words are ours, with the source and without secrets. */
function explain(entries: readonly SetProperty[], error: unknown): string[] {
  const problems: string[] = []
  for (const { match, value, where, secret } of entries) {
    const format = formatOf(match.property)
    const text = [value].flat().join(',')
    const parsed = format.parse(text)
    if (parsed !== undefined && format.accepts(parsed)) continue
    const shown = secret ? 'a value that is not shown' : JSON.stringify(text)
    problems.push(`${match.name} is ${shown} (${where}); expected ${format.expected}.`)
  }
  if (problems.length === 0) throw error
  return problems
}
