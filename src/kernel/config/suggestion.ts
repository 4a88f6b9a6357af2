import { normaliseKey } from './key.js'

const lengthMax = 120

/** The known name that was probably meant, or undefined when none is near. */
export function nearestName(key: string, names: Iterable<string>): string | undefined {
  if (key.length > lengthMax) return undefined
  const wanted = comparable(key)
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(wanted.length / 5)) + 1
  for (const name of names) {
    const candidate = comparable(name)
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue
    const distance = editDistance(wanted, candidate, bestDistance)
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** What all names share is left out, or it would make every name look near. */
function comparable(name: string): string {
  return normaliseKey(name)
    .replaceAll('.', '')
    .replace(/^axoniqaxonserver/, '')
}

/** Levenshtein's distance, or `limit` when it is not below. */
function editDistance(a: string, b: string, limit: number): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const cost = Math.min(change, previous[j]! + 1, current[j - 1]! + 1)
      current.push(cost)
      if (cost < least) least = cost
    }
    if (least >= limit) return limit
    previous = current
  }
  return previous[b.length]!
}
