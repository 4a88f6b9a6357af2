import type { KeyValueStore } from '../../storage/index.js'
import { contextBucket, contextKeyKinds, prefixEnd } from './keys.js'

const PURGE_BATCH = 1000

/** Removes every key of a key space. What a crash in between leaves behind is removed when its context opens. */
export async function purgeKeySpace(store: KeyValueStore, keySpace: number): Promise<void> {
  for (const kind of contextKeyKinds) {
    const gte = contextBucket(kind, keySpace)
    await purgeRange(store, gte, prefixEnd(gte))
  }
}

export async function purgeRange(store: KeyValueStore, gte: Buffer, lt: Buffer): Promise<void> {
  for (;;) {
    const batch = store.batch()
    for await (const [key] of store.iterate({ gte, lt, limit: PURGE_BATCH })) batch.delete(key)
    const { length } = batch
    if (length === 0) batch.discard()
    else await batch.write({ sync: false })
    if (length < PURGE_BATCH) return
  }
}
