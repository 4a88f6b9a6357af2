import {
  checkKey,
  isEmptyRange,
  type KeyRange,
  type KeyValueBatch,
  type KeyValueStore,
  StoreClosedError
} from './key-value-store.js'

/** Never changed once made, so an iteration that holds one has a consistent view. Keys are latin1: they sort as their bytes do. */
interface Table {
  readonly keys: readonly string[]
  readonly values: readonly Buffer[]
}

type Changes = Map<string, Buffer | undefined>

const EMPTY: Table = { keys: [], values: [] }

/** Keeps everything in memory: for tests and tools. A batch costs a copy of the table, so few large ones are better than many. */
export class MemoryKeyValueStore implements KeyValueStore {
  readonly info = { engine: 'memory', persistent: false }
  #table = EMPTY
  #isOpen = false

  async open(): Promise<void> {
    this.#isOpen = true
  }

  /** What it holds is still there when it is opened again. */
  async close(): Promise<void> {
    this.#isOpen = false
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    this.#assertOpen()
    return this.#find(key)
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    this.#assertOpen()
    return keys.map(key => this.#find(key))
  }

  batch(): KeyValueBatch {
    this.#assertOpen()
    return new MemoryBatch(changes => {
      this.#assertOpen()
      this.#table = merge(this.#table, changes)
    })
  }

  iterate(range: KeyRange): AsyncIterable<readonly [key: Buffer, value: Buffer]> {
    this.#assertOpen()
    return this.#walk(this.#table, range)
  }

  async approximateSize(range: KeyRange): Promise<number> {
    this.#assertOpen()
    const { keys, values } = this.#table
    const [from, to] = bounds(this.#table, range)
    let bytes = 0
    for (let i = from; i < to; i++) bytes += keys[i]!.length + values[i]!.length
    return bytes
  }

  async compact(): Promise<void> {
    this.#assertOpen()
  }

  async *#walk(table: Table, range: KeyRange): AsyncGenerator<readonly [Buffer, Buffer]> {
    const [from, to] = bounds(table, range)
    const count = Math.min(to - from, range.limit ?? Number.POSITIVE_INFINITY)
    for (let i = 0; i < count; i++) {
      this.#assertOpen()
      const at = range.reverse === true ? to - 1 - i : from + i
      yield [Buffer.from(table.keys[at]!, 'latin1'), Buffer.from(table.values[at]!)]
    }
  }

  #find(key: Buffer): Buffer | undefined {
    checkKey(key)
    const text = key.toString('latin1')
    const at = lowerBound(this.#table.keys, text)
    return this.#table.keys[at] === text ? Buffer.from(this.#table.values[at]!) : undefined
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new StoreClosedError('The key-value store in memory is not open')
  }
}

class MemoryBatch implements KeyValueBatch {
  readonly #changes: Changes = new Map()
  #isUsed = false
  #length = 0

  constructor(private readonly apply: (changes: Changes) => void) {}

  get length(): number {
    return this.#length
  }

  put(key: Buffer, value: Buffer): void {
    this.#change(key, Buffer.from(value))
  }

  delete(key: Buffer): void {
    this.#change(key, undefined)
  }

  async write(_options: { readonly sync: boolean }): Promise<void> {
    this.#assertUnused()
    this.#isUsed = true
    this.apply(this.#changes)
  }

  discard(): void {
    this.#isUsed = true
    this.#changes.clear()
  }

  #change(key: Buffer, value: Buffer | undefined): void {
    this.#assertUnused()
    checkKey(key)
    this.#changes.set(key.toString('latin1'), value)
    this.#length++
  }

  #assertUnused(): void {
    if (this.#isUsed) throw new Error('This batch was written or given up already: make a new one')
  }
}

function bounds(table: Table, range: KeyRange): readonly [from: number, to: number] {
  if (isEmptyRange(range)) return [0, 0]
  return [
    lowerBound(table.keys, range.gte.toString('latin1')),
    lowerBound(table.keys, range.lt.toString('latin1'))
  ]
}

function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

function merge(table: Table, changes: Changes): Table {
  const changed = [...changes.keys()].sort()
  const keys: string[] = []
  const values: Buffer[] = []
  let at = 0
  const copyUntil = (end: number): void => {
    for (; at < end; at++) {
      keys.push(table.keys[at]!)
      values.push(table.values[at]!)
    }
  }
  for (const key of changed) {
    copyUntil(lowerBound(table.keys, key))
    if (table.keys[at] === key) at++
    const value = changes.get(key)
    if (value === undefined) continue
    keys.push(key)
    values.push(value)
  }
  copyUntil(table.keys.length)
  return { keys, values }
}
