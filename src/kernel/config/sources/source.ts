import type { Match, PropertyIndex } from '../property-index.js'

/** A key and its text as somebody wrote them. */
export interface RawEntry {
  readonly key: string
  /** Undefined: a flag without a value. Several: a list whose items stand alone. */
  readonly value: string | readonly string[] | undefined
  /** `axonserver.properties:12`, `environment variable X`, `argument --x`. */
  readonly where: string
}

export interface Source {
  readonly entries: readonly RawEntry[]
  readonly unknown: readonly UnknownEntry[]
  readonly matched: readonly MatchedEntry[]
  readonly problems: readonly string[]
}

export interface MatchedEntry {
  readonly match: Match
  readonly value: string | readonly string[]
  readonly where: string
}

export interface UnknownEntry {
  readonly key: string
  readonly where: string
}

type Finder = (key: string) => Match | undefined

/** Tells which properties the entries of one source mean. Within a source the last entry wins. */
export function matchEntries(entries: readonly RawEntry[], find: Finder): Source {
  const matched = new Map<string, MatchedEntry>()
  const lists = new Map<
    string,
    { readonly entry: RawEntry; readonly match: Match; readonly items: string[] }
  >()
  const unknown: UnknownEntry[] = []
  const problems: string[] = []
  for (const entry of entries) {
    const match = find(entry.key)
    if (match === undefined) unknown.push(entry)
    else if (match.index !== undefined) collectItem(lists, entry, match)
    else addEntry(matched, entry, match, problems)
  }
  for (const { entry, match, items } of lists.values()) {
    matched.set(match.id, { match, value: items.filter(item => item !== undefined), where: entry.where })
  }
  return { entries, matched: [...matched.values()], unknown, problems }
}

export function matchFileEntries(entries: readonly RawEntry[], index: PropertyIndex): Source {
  return matchEntries(entries, key => index.find(key))
}

const listItemsMax = 10_000

function collectItem(
  lists: Map<string, { readonly entry: RawEntry; readonly match: Match; readonly items: string[] }>,
  entry: RawEntry,
  match: Match
): void {
  let list = lists.get(match.id)
  if (list === undefined) {
    list = { entry, match, items: [] }
    lists.set(match.id, list)
  }
  if (match.index! < listItemsMax) list.items[match.index!] = String(entry.value ?? '')
}

function addEntry(
  matched: Map<string, MatchedEntry>,
  { value, where }: RawEntry,
  match: Match,
  problems: string[]
): void {
  const before = matched.get(match.id)
  if (match.viaAlias && before !== undefined && !before.match.viaAlias) return
  if (value !== undefined) matched.set(match.id, { match, value, where })
  else if (match.property.type === 'boolean' || match.property.type === 'switch') {
    matched.set(match.id, { match, value: 'true', where })
  } else problems.push(`${match.name} (${where}): a value is missing; write --${match.name}=<value>.`)
}
