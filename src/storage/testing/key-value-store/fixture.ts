import type { KeyRange, KeyValueBatch, KeyValueStore } from '../../key-value-store.js'

/** The part of tap that the suite needs, so that any runner with these methods can run it. */
export interface SuiteTest {
  test(name: string, body: (t: SuiteTest) => Promise<void>): unknown
  equal(actual: unknown, expected: unknown, message?: string): unknown
  same(actual: unknown, expected: unknown, message?: string): unknown
  rejects(promise: Promise<unknown>, expected?: unknown, message?: string): Promise<unknown>
}

/** A store that is not open, and where stores may differ. */
export interface StoreUnderTest {
  readonly store: KeyValueStore
  /** Another store over the same data; absent for engines that keep nothing. */
  reopen?(): KeyValueStore
  /** The store takes its place for itself: another one over the same data is refused while it is open. */
  readonly isExclusive?: boolean
  /** Refuses a batch that is used twice, ends iterations when it is closed, and gives buffers that nobody else holds. */
  readonly refusesMisuse?: boolean
  remove(): Promise<void>
}

export type CreateStore = () => Promise<StoreUnderTest>

type Body = (t: SuiteTest, store: KeyValueStore, underTest: StoreUnderTest) => Promise<void>

/** One claim over an open store of its own. */
export function claim(
  t: SuiteTest,
  create: CreateStore,
  [words, body]: readonly [words: string, body: Body]
): void {
  t.test(words, async t => {
    const underTest = await create()
    await underTest.store.open()
    try {
      await body(t, underTest.store, underTest)
    } finally {
      await underTest.store.close()
      await underTest.remove()
    }
  })
}

/** A synchronous throw counts as a rejection. */
export async function rejected(operation: () => unknown): Promise<unknown> {
  return operation()
}

export function key(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** The range of the keys that begin with `prefix`, a word of ASCII. */
export function beginning(prefix: string): KeyRange {
  return { gte: key(prefix), lt: key(`${prefix}\xff`) }
}

export async function put(store: KeyValueStore, name: string, value: string): Promise<void> {
  await write(store, batch => batch.put(key(name), key(value)))
}

/** Each with the value `value of <name>`. */
export async function putMany(store: KeyValueStore, names: readonly string[]): Promise<void> {
  await write(store, batch => {
    for (const name of names) batch.put(key(name), key(`value of ${name}`))
  })
}

export async function write(store: KeyValueStore, fill: (batch: KeyValueBatch) => void): Promise<void> {
  const batch = store.batch()
  fill(batch)
  await batch.write({ sync: false })
}

export async function read(store: KeyValueStore, name: string): Promise<string | undefined> {
  return (await store.get(key(name)))?.toString('latin1')
}

export async function keysOf(store: KeyValueStore, range: KeyRange): Promise<string[]> {
  const keys: string[] = []
  for await (const [name] of store.iterate(range)) keys.push(name.toString('latin1'))
  return keys
}
