import { mapPrefix, type Property } from './property.js'
import type { SetProperty } from './resolved-values.js'

export interface EffectiveProperty {
  readonly name: string
  /** Secrets are `******`. Undefined: not set, and no default. */
  readonly value: string | undefined
  /** Where the value was set, or `default`. */
  readonly source: string
}

export const mask = '******'

export function effectiveProperties(
  properties: readonly Property[],
  set: ReadonlyMap<string, SetProperty>
): EffectiveProperty[] {
  const result: EffectiveProperty[] = []
  for (const { match, value, where, secret } of set.values()) {
    result.push({ name: match.name, value: secret ? mask : [value].flat().join(','), source: where })
  }
  const names = new Set(result.map(({ name }) => name))
  for (const property of properties) {
    if (mapPrefix(property.name) === undefined && !names.has(property.name)) {
      result.push({ name: property.name, value: defaultOf(property, result), source: 'default' })
    }
  }
  return result.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function defaultOf(property: Property, set: readonly EffectiveProperty[]): string | undefined {
  if (property.default !== null)
    return property.sensitive && property.default !== '' ? mask : property.default
  if (property.inherits === undefined) return undefined
  return set.find(({ name }) => name === property.inherits)?.value
}
