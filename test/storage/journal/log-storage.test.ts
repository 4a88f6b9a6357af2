import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { MemoryLogStorage, NodeFileSystem } from '../../../src/storage/index.js'
import { FaultyFileSystem, type SuiteTest, testLogStorage } from '../../../src/storage/testing.js'
import { journalOn } from './fixture.js'

t.test('L14 the storage contract in memory', async t => {
  testLogStorage(t as SuiteTest & Test, async () => ({ log: new MemoryLogStorage(), remove: async () => {} }))
})

for (const tailBytesMax of [0, 1024 * 1024]) {
  t.test(
    `L14 the storage contract of the journal on the disk of the tests, ${tailBytesMax} bytes of it kept in memory`,
    async t => {
      testLogStorage(t as SuiteTest & Test, async () => {
        const fs = new FaultyFileSystem({ seed: 1 })
        const open = () => journalOn(fs.attach(), { tailBytesMax })
        return { log: open(), reopen: open, remove: async () => {} }
      })
    }
  )
}

t.test('L14 the storage contract of the journal on a real disk', async t => {
  testLogStorage(t as SuiteTest & Test, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'myelin-journal-'))
    const open = () => journalOn(new NodeFileSystem(), { directory: join(directory, 'log'), tailBytesMax: 0 })
    return { log: open(), reopen: open, remove: () => rm(directory, { recursive: true }) }
  })
})
