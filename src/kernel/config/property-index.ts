import { normaliseEnvironmentName, normaliseKey, splitKey, withoutBrackets } from './key.js'
import { mapPrefix, type Property } from './property.js'

/** What a key as written means. */
export interface Match {
  readonly property: Property
  /** The canonical name; for a map with the key in place of `<...>`. */
  readonly name: string
  /** Equal for every spelling of the same property. */
  readonly id: string
  readonly viaAlias: boolean
  /** Of a map: what follows the prefix. */
  readonly mapKey?: string
  /** Position in a list, from `name[0]` or `NAME_0_`. */
  readonly index?: number
}

interface Plain {
  readonly property: Property
  readonly viaAlias: boolean
}

interface MapProperty {
  readonly property: Property
  readonly prefix: string
  /** What follows the key, `client-id` in `registration.<provider>.client-id`. */
  readonly suffix: string
}

/** Finds the property that a key, or an environment variable, names. */
export class PropertyIndex {
  readonly #byName = new Map<string, Property>()
  readonly #plain = new Map<string, Plain>()
  readonly #maps = new Map<string, MapProperty[]>()
  readonly #environmentPlain = new Map<string, Plain>()
  readonly #environmentMaps = new Map<string, MapProperty[]>()

  constructor(readonly properties: readonly Property[]) {
    for (const property of properties) this.#add(property)
  }

  /** By canonical name, exactly. */
  get(name: string): Property | undefined {
    return this.#byName.get(name)
  }

  /** True when this name, or another spelling of it, is taken. */
  has(name: string): boolean {
    return this.#plain.has(normaliseKey(name))
  }

  find(key: string): Match | undefined {
    const plain = this.#plain.get(normaliseKey(key))
    if (plain !== undefined) return plainMatch(plain)
    const indexed = /^(.+)\[(\d+)\]$/.exec(key)
    const listed = indexed === null ? undefined : this.#plain.get(normaliseKey(indexed[1]!))
    if (listed !== undefined) return plainMatch(listed, Number(indexed![2]))
    return this.#findInMaps(key)
  }

  findEnvironment(variable: string): Match | undefined {
    if (variable.includes('.')) return this.find(variable)
    const plain = this.#environmentPlain.get(normaliseEnvironmentName(variable))
    if (plain !== undefined) return plainMatch(plain)
    const indexed = /^(.+?)_(\d+)_?$/.exec(variable)
    const listed =
      indexed === null ? undefined : this.#environmentPlain.get(normaliseEnvironmentName(indexed[1]!))
    if (listed !== undefined) return plainMatch(listed, Number(indexed![2]))
    return this.#findInEnvironmentMaps(variable)
  }

  #add(property: Property): void {
    const prefix = mapPrefix(property.name)
    this.#byName.set(property.name, property)
    if (prefix === undefined) {
      for (const name of [property.name, ...(property.aliases ?? [])]) {
        const plain = { property, viaAlias: name !== property.name }
        this.#plain.set(normaliseKey(name), plain)
        this.#environmentPlain.set(normaliseEnvironmentName(name), plain)
      }
    } else {
      const suffix = property.name.slice(property.name.indexOf('>') + 2)
      const map = { property, prefix, suffix }
      append(this.#maps, normaliseKey(prefix), map)
      append(this.#environmentMaps, normaliseEnvironmentName(prefix), map)
    }
  }

  #findInMaps(key: string): Match | undefined {
    const elements = splitKey(key)
    const last = elements.at(-1)!
    const index = elements.length > 2 && /^\[\d+\]$/.test(last) ? Number(last.slice(1, -1)) : undefined
    if (index !== undefined) elements.pop()
    for (let length = elements.length - 1; length > 0; length--) {
      const maps = this.#maps.get(normaliseKey(elements.slice(0, length).join('.')))
      if (maps === undefined) continue
      const rest = elements.slice(length)
      for (const map of maps) {
        if (map.suffix === '') return mapMatch(map, rest.map(withoutBrackets).join('.'), index)
        const fits = rest.length === 2 && normaliseKey(rest[1]!) === normaliseKey(map.suffix)
        if (fits) return mapMatch(map, withoutBrackets(rest[0]!), index)
      }
    }
    return undefined
  }

  #findInEnvironmentMaps(variable: string): Match | undefined {
    for (let end = variable.lastIndexOf('_'); end > 0; end = variable.lastIndexOf('_', end - 1)) {
      const maps = this.#environmentMaps.get(normaliseEnvironmentName(variable.slice(0, end)))
      if (maps === undefined) continue
      const rest = variable.slice(end + 1).toLowerCase()
      for (const map of maps) {
        if (map.suffix === '') {
          if (/[a-z0-9]/.test(rest)) return mapMatch(map, rest.replaceAll('_', '.'))
          continue
        }
        const [key = '', ...tail] = rest.split('_')
        if (normaliseEnvironmentName(tail.join('')) === normaliseEnvironmentName(map.suffix))
          return mapMatch(map, key)
      }
    }
    return undefined
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const present = map.get(key)
  if (present === undefined) map.set(key, [value])
  else present.push(value)
}

function plainMatch({ property, viaAlias }: Plain, index?: number): Match {
  return { property, name: property.name, id: property.name, viaAlias, ...(index !== undefined && { index }) }
}

function mapMatch({ property, prefix, suffix }: MapProperty, key: string, index?: number): Match {
  const mapKey = suffix === '' ? key : `${key}.${suffix}`
  // Environment variables cannot say dots, dashes and case apart, so they do not tell two entries of a map apart either.
  const id = `${property.name} ${normaliseEnvironmentName(key)}`
  return {
    property,
    name: `${prefix}.${mapKey}`,
    id,
    viaAlias: false,
    mapKey,
    ...(index !== undefined && { index })
  }
}
