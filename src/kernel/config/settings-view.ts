import { resolve } from 'node:path'
import type { Settings } from '../settings.js'
import type { Value } from './formats.js'
import { mapPrefix, type Property, type ValueType } from './property.js'
import type { PropertyIndex } from './property-index.js'
import type { SetProperty } from './resolved-values.js'

export interface SettingsContents {
  readonly index: PropertyIndex
  readonly values: ReadonlyMap<string, Value | null>
  readonly set: ReadonlyMap<string, SetProperty>
  /** Relative paths start here. */
  readonly cwd: string
}

const noEntries: ReadonlyMap<string, string> = new Map()

/** The validated configuration as the rest of the server reads it. */
export class SettingsView implements Settings {
  readonly #maps = new Map<string, Map<string, string>>()

  constructor(private readonly contents: SettingsContents) {
    for (const { name } of contents.index.properties) {
      const prefix = mapPrefix(name)
      if (prefix !== undefined) this.#maps.set(prefix, new Map())
    }
    for (const { match, value } of contents.set.values()) {
      if (match.mapKey !== undefined) this.#addToMap(match.name, match.property, match.mapKey, value)
    }
  }

  number(name: string): number {
    const value = this.optionalNumber(name)
    if (value === undefined)
      throw new Error(`${name} is not set and has no default; read it with optionalNumber()`)
    return value
  }

  optionalNumber(name: string): number | undefined {
    return this.#read(name, ['int', 'float', 'duration', 'dataSize']) as number | undefined
  }

  boolean(name: string): boolean {
    return (this.#read(name, ['boolean', 'switch']) ?? false) as boolean
  }

  string(name: string): string | undefined {
    const value = this.#read(name, ['string', 'path', 'choice']) as string | undefined
    return value !== undefined && this.#property(name).type === 'path' ? this.#absolute(value) : value
  }

  list(name: string): readonly string[] {
    return (this.#read(name, ['list', 'durationList']) ?? []) as readonly string[]
  }

  map(prefix: string): ReadonlyMap<string, string> {
    const map = this.#maps.get(prefix)
    if (map === undefined) throw new Error(`no map of properties is declared as ${prefix}`)
    return map.size === 0 ? noEntries : map
  }

  isSet(name: string): boolean {
    return this.contents.set.has(this.#property(name).name)
  }

  #read(name: string, types: readonly ValueType[]): Value | undefined {
    const property = this.#property(name)
    if (!types.includes(property.type))
      throw new Error(`${name} is of type ${property.type}; use another reader`)
    const value = this.contents.values.get(name) ?? undefined
    return value === undefined && property.inherits !== undefined
      ? this.#read(property.inherits, types)
      : value
  }

  #property(name: string): Property {
    const property = this.contents.index.get(name)
    if (property === undefined) throw new Error(`no property is declared as ${name}`)
    return property
  }

  #addToMap(
    name: string,
    { name: declared, type }: Property,
    key: string,
    value: string | readonly string[]
  ): void {
    const parsed = this.contents.values.get(name) ?? value
    const text = [parsed].flat().map(String).join(',')
    this.#maps.get(mapPrefix(declared)!)!.set(key, type === 'path' ? this.#absolute(text) : text)
  }

  #absolute(path: string): string {
    return resolve(this.contents.cwd, path.replace(/^file:(\/\/)?/, ''))
  }
}
