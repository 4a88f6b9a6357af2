import { mapPrefix } from './property.js'
import type { PropertyIndex } from './property-index.js'
import type { Source, UnknownEntry } from './sources/source.js'
import { nearestName } from './suggestion.js'

export interface UnknownKeys {
  readonly warnings: readonly string[]
  readonly others: readonly string[]
}

/** Comparing a key with every name takes a millisecond or two. */
const suggestionsMax = 20

/** Keys that no property has. Those of ours are worth a warning; files also hold keys of frameworks and other programs. */
export function unknownKeys(sources: readonly Source[], index: PropertyIndex): UnknownKeys {
  const warnings: string[] = []
  const others: string[] = []
  for (const entry of sources.flatMap(source => source.unknown)) {
    if (!/^(axoniq|myelin)[._-]/i.test(entry.key)) others.push(`${entry.key} (${entry.where})`)
    else warnings.push(describe(entry, warnings.length < suggestionsMax ? index : undefined))
  }
  return { warnings, others }
}

function describe({ key, where }: UnknownEntry, index: PropertyIndex | undefined): string {
  const near = index && nearestName(key, names(index))
  const question = near === undefined ? '' : ` Did you mean ${near}?`
  return `${key} (${where}) is not a property that this server knows, and has no effect.${question}`
}

function* names(index: PropertyIndex): Iterable<string> {
  for (const { name, aliases = [] } of index.properties) {
    if (mapPrefix(name) === undefined) yield name
    yield* aliases
  }
}
