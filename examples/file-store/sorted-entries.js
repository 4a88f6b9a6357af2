/**
 * Keys and values in the order of the keys' bytes. It never changes: a change makes a new one, so whoever reads keeps what was
 * there when they began.
 */
export class SortedEntries {
  #entries

  constructor(entries = []) {
    this.#entries = entries
  }

  all() {
    return this.#entries
  }

  get bytes() {
    return this.#entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  }

  get(key) {
    const [found, value] = this.#entries[this.#position(key)] ?? []
    return found?.equals(key) ? value : undefined
  }

  range({ gte, lt, reverse = false, limit = Number.POSITIVE_INFINITY }) {
    const first = this.#position(gte)
    const entries = this.#entries.slice(first, Math.max(first, this.#position(lt)))
    if (reverse) entries.reverse()
    return entries.slice(0, limit)
  }

  /** Changes in their order; a value of undefined removes the key. */
  apply(changes) {
    const merged = []
    let next = 0
    for (const change of lastOfEachKey(changes)) {
      const [key, value] = change
      const position = this.#position(key)
      for (; next < position; next++) merged.push(this.#entries[next])
      if (this.#entries[next]?.[0].equals(key)) next++
      if (value !== undefined) merged.push(change)
    }
    for (; next < this.#entries.length; next++) merged.push(this.#entries[next])
    return new SortedEntries(merged)
  }

  /** Of the first entry that is not below the key. */
  #position(key) {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle][0].compare(key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function lastOfEachKey(changes) {
  const sorted = changes.map((change, order) => ({ change, order }))
  sorted.sort((a, b) => a.change[0].compare(b.change[0]) || a.order - b.order)
  return sorted
    .map(({ change }) => change)
    .filter(([key], i, all) => i === all.length - 1 || !all[i + 1][0].equals(key))
}
