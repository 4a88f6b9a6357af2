import type { MetaDataText } from '../../wire/index.js'

/**
 * The candidates whose tags fit the metadata of a message best. Every tag whose key the metadata has counts +1 if the values
 * are equal and -1 if not; the best score may be negative.
 */
export function preferredByTags<C>(
  candidates: readonly C[],
  metaData: MetaDataText,
  tagsOf: (candidate: C) => ReadonlyMap<string, string>
): readonly C[] {
  if (candidates.length < 2 || metaData.size === 0) return candidates
  let best = Number.NEGATIVE_INFINITY
  let preferred: C[] = []
  for (const candidate of candidates) {
    const score = scoreOf(tagsOf(candidate), metaData)
    if (score < best) continue
    if (score > best) preferred = []
    best = score
    preferred.push(candidate)
  }
  return preferred
}

function scoreOf(tags: ReadonlyMap<string, string>, metaData: MetaDataText): number {
  let score = 0
  for (const [key, value] of tags) {
    if (metaData.has(key)) score += metaData.get(key) === value ? 1 : -1
  }
  return score
}
