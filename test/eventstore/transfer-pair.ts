import type { Test } from 'tap'
import { CrashingKeyValueStore, FaultyFileSystem } from '../../src/storage/testing.js'
import { AGGREGATES, contentOf, GroupHistory, Member, type MemberOptions } from './transfer-fixture.js'

/** A leader, and what a second member would be opened with. */
export interface Pair {
  readonly history: GroupHistory
  readonly leader: Member
  readonly options: MemberOptions
}

export function disk(history: GroupHistory, more: Partial<MemberOptions> = {}): MemberOptions {
  return {
    fs: new FaultyFileSystem({ seed: 1 }),
    store: new CrashingKeyValueStore(),
    directory: '/events',
    history,
    onFatal: error => {
      throw error
    },
    ...more
  }
}

export async function pair(): Promise<Pair> {
  const history = new GroupHistory()
  return { history, leader: await Member.open(disk(history)), options: disk(history) }
}

export async function sameContent(t: Test, a: Member, b: Member, words: string): Promise<void> {
  t.same(await contentOf(b, AGGREGATES), await contentOf(a, AGGREGATES), words)
  const end = a.store.lastToken() + 1
  t.equal(
    await b.eventStore.digest('default', end),
    await a.eventStore.digest('default', end),
    `${words}: files`
  )
}
