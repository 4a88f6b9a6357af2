import assert from 'node:assert'

interface Node<T> {
  readonly item: T
  readonly bucket: Bucket<T>
  previous: Node<T> | undefined
  next: Node<T> | undefined
}

interface Bucket<T> {
  readonly priority: number
  first: Node<T> | undefined
  last: Node<T> | undefined
}

/**
 * Items by priority, highest first, and in order of arrival within one. One linked list per priority, so that adding, taking
 * and taking back cost the same however many wait; there are few priorities at a time.
 */
export class PriorityFifo<T> {
  /** By falling priority; none is empty. */
  readonly #buckets: Bucket<T>[] = []
  readonly #nodes = new Map<T, Node<T>>()

  get size(): number {
    return this.#nodes.size
  }

  add(item: T, priority: number): void {
    assert(!this.#nodes.has(item), 'an item can wait only once')
    const bucket = this.#bucket(priority)
    const node: Node<T> = { item, bucket, previous: bucket.last, next: undefined }
    if (bucket.last === undefined) bucket.first = node
    else bucket.last.next = node
    bucket.last = node
    this.#nodes.set(item, node)
  }

  shift(): T | undefined {
    const node = this.#buckets[0]?.first
    if (node === undefined) return undefined
    this.#unlink(node)
    return node.item
  }

  remove(item: T): boolean {
    const node = this.#nodes.get(item)
    if (node === undefined) return false
    this.#unlink(node)
    return true
  }

  drain(): T[] {
    const items: T[] = []
    for (const { first } of this.#buckets) {
      for (let node = first; node !== undefined; node = node.next) items.push(node.item)
    }
    this.#buckets.length = 0
    this.#nodes.clear()
    return items
  }

  #unlink(node: Node<T>): void {
    const { bucket } = node
    if (node.previous === undefined) bucket.first = node.next
    else node.previous.next = node.next
    if (node.next === undefined) bucket.last = node.previous
    else node.next.previous = node.previous
    this.#nodes.delete(node.item)
    if (bucket.first === undefined) this.#buckets.splice(this.#indexOf(bucket.priority), 1)
  }

  #bucket(priority: number): Bucket<T> {
    const index = this.#indexOf(priority)
    const found = this.#buckets[index]
    if (found?.priority === priority) return found
    const bucket: Bucket<T> = { priority, first: undefined, last: undefined }
    this.#buckets.splice(index, 0, bucket)
    return bucket
  }

  /** Where the bucket of this priority is, or belongs. */
  #indexOf(priority: number): number {
    let low = 0
    let high = this.#buckets.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#buckets[middle]!.priority > priority) low = middle + 1
      else high = middle
    }
    return low
  }
}
