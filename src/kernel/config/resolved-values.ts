import { normaliseKey } from './key.js'
import { expandPlaceholders, PlaceholderError, type Replacement, type Resolver } from './placeholders.js'
import type { PropertyIndex } from './property-index.js'
import type { MatchedEntry, RawEntry, Source } from './sources/source.js'

/** A property that somebody has set, with its placeholders replaced. */
export interface SetProperty extends MatchedEntry {
  /** The value is secret, or was made from one that is. */
  readonly secret: boolean
}

export interface ResolvedValues {
  readonly set: ReadonlyMap<string, SetProperty>
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Later sources win, key by key. */
export function mergeSources(sources: readonly Source[]): Map<string, MatchedEntry> {
  const merged = new Map<string, MatchedEntry>()
  for (const { matched } of sources) {
    for (const entry of matched) {
      const before = merged.get(entry.match.id)
      // Keys of maps keep the spelling of the first source: environment variables know lower case only.
      merged.set(entry.match.id, before === undefined ? entry : { ...entry, match: before.match })
    }
  }
  return merged
}

export function resolveValues(
  sources: readonly Source[],
  index: PropertyIndex,
  env: NodeJS.ProcessEnv
): ResolvedValues {
  const resolution = new Resolution(mergeSources(sources), freeKeys(sources), index, env)
  return resolution.run()
}

/** Keys of nobody; placeholders may name them. */
function freeKeys(sources: readonly Source[]): Map<string, RawEntry> {
  const keys = new Map<string, RawEntry>()
  for (const source of sources) {
    const unknown = new Set(source.unknown)
    for (const entry of source.entries) if (unknown.has(entry)) keys.set(normaliseKey(entry.key), entry)
  }
  return keys
}

class Resolution implements Resolver {
  readonly #done = new Map<string, Replacement & { readonly value: string | readonly string[] }>()
  readonly #problems: string[] = []
  readonly #warnings: string[] = []

  constructor(
    private readonly merged: ReadonlyMap<string, MatchedEntry>,
    private readonly free: ReadonlyMap<string, RawEntry>,
    private readonly index: PropertyIndex,
    private readonly env: NodeJS.ProcessEnv
  ) {}

  run(): ResolvedValues {
    const set = new Map<string, SetProperty>()
    for (const [id, entry] of this.merged) {
      try {
        const { value, secret } = this.#expand(id, entry, [])
        if (isMeant(entry, value)) set.set(id, { ...entry, value, secret })
      } catch (error) {
        if (!(error instanceof PlaceholderError)) throw error
        this.#problems.push(`${entry.match.name} (${entry.where}): ${error.message}.`)
      }
    }
    return { set, problems: this.#problems, warnings: this.#warnings }
  }

  set(name: string, chain: readonly string[]): Replacement | undefined {
    const match = this.index.find(name)
    const entry = match && this.merged.get(match.id)
    if (entry !== undefined) return this.#expand(match!.id, entry, chain)
    const free = this.free.get(normaliseKey(name))
    if (free !== undefined) return this.#expandFree(free, chain)
    const variable = this.env[name]
    return variable === undefined ? undefined : { text: variable, secret: looksSecret(name) }
  }

  builtIn(name: string): string | undefined {
    const match = this.index.find(name)
    return match?.property.default ?? undefined
  }

  #expand(id: string, entry: MatchedEntry, chain: readonly string[]) {
    const done = this.#done.get(id)
    if (done !== undefined) return done
    const { match, where } = entry
    const inside = enter(chain, match.name)
    let secret = match.property.sensitive === true
    const tidy = (text: string) => (match.property.sensitive ? text : text.trim())
    const expand = (written: string) => {
      const expansion = expandPlaceholders(written, this, inside)
      for (const name of expansion.unresolved) this.#warnUnresolved(match.name, where, name)
      secret ||= expansion.secret
      return tidy(expansion.text)
    }
    const value = typeof entry.value === 'string' ? expand(entry.value) : entry.value.map(expand)
    const result = { value, text: typeof value === 'string' ? value : value.join(','), secret }
    this.#done.set(id, result)
    return result
  }

  #expandFree({ key, value, where }: RawEntry, chain: readonly string[]): Replacement {
    const written = [value ?? ''].flat().join(',')
    const expansion = expandPlaceholders(written, this, enter(chain, key))
    for (const name of expansion.unresolved) this.#warnUnresolved(key, where, name)
    return { text: expansion.text, secret: expansion.secret || looksSecret(key) }
  }

  #warnUnresolved(key: string, where: string, name: string): void {
    this.#warnings.push(
      `${key} (${where}): \${${name}} names neither a property nor an environment variable, and is taken literally.`
    )
  }
}

function enter(chain: readonly string[], name: string): readonly string[] {
  if (chain.includes(name)) {
    throw new PlaceholderError(`its placeholders go round in a circle, ${[...chain, name].join(' -> ')}`)
  }
  return [...chain, name]
}

/** `name=` leaves a number or a file unset; for a text it means the empty text. */
function isMeant({ match }: MatchedEntry, value: string | readonly string[]): boolean {
  return value !== '' || match.property.type === 'string' || match.property.type === 'list'
}

function looksSecret(name: string): boolean {
  return /passw|secret|token|credential|private|key$/i.test(name)
}
