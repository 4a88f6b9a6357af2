import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type FileSystem, MemoryKeyValueStore, NodeFileSystem } from '../../src/storage/index.js'
import { event, StoreFixture, type StoreFixtureOptions } from './store-fixture.js'

const FILE_BYTES = 16 * 1024

/** A node that was stopped twice, so that the journal has put the first life's entries away. */
async function lived(t: Test): Promise<StoreFixtureOptions> {
  const directory = mkdtempSync(join(tmpdir(), 'myelin-lost-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const fs: FileSystem = new NodeFileSystem()
  const options = {
    fs,
    store: new MemoryKeyValueStore(),
    directory,
    journalFileBytes: FILE_BYTES,
    event: { segmentBytesMax: 8 * 1024 }
  }
  for (let life = 0; life < 3; life++) {
    const node = await StoreFixture.open(options)
    for (let i = 0; i < 5; i++) await node.store.append([event(`a${life}/${i}`, 0, 1000, 'x'.repeat(3000))])
    await node.eventStore.checkpointer.run()
    await node.eventStore.close()
  }
  return options
}

const eventFiles = (directory: string) => readdirSync(join(directory, 'events/default'))

t.test('a state store that lost every checkpoint is not taken for a new node', async t => {
  const options = await lived(t)
  const before = eventFiles(options.directory)
  const node = StoreFixture.unopened({ ...options, store: new MemoryKeyValueStore() })
  await t.rejects(node.contexts.open(), {
    code: 'AXONIQ-9000',
    message: /group 0 is damaged: entries 1 to \d+ are missing, and the state store does not contain them/
  } as never)
  await node.eventStore.close()
  t.same(eventFiles(options.directory), before)
})

t.test('a state store that lost its newest checkpoint makes the contexts concerned refuse', async t => {
  const options = await lived(t)
  const store = await stateOfFirstLife(t)
  const node = await StoreFixture.open({ ...options, store })
  t.match(node.eventStore.refused.get('default'), /group 1 is damaged: entries \d+ to \d+ are missing/)
  t.throws(() => node.store, { code: 'AXONIQ-9000' } as never)
  await node.eventStore.close()
})

t.test('events without state store and journal are not touched, and their context refuses', async t => {
  const options = await lived(t)
  const before = eventFiles(options.directory)
  rmSync(join(options.directory, 'log'), { recursive: true })
  const node = await StoreFixture.open({ ...options, store: new MemoryKeyValueStore() })
  t.match(node.eventStore.refused.get('default'), /holds events that neither/)
  t.same(eventFiles(options.directory), before)
  await node.contexts.create({ context: 'other' })
  await node.eventStore.get('other').append([event('a', 0)])
  await node.eventStore.close()

  renameSync(join(options.directory, 'events/default'), join(options.directory, 'aside'))
  rmSync(join(options.directory, 'log'), { recursive: true })
  rmSync(join(options.directory, 'events/other'), { recursive: true })
  const fresh = await StoreFixture.open({ ...options, store: new MemoryKeyValueStore() })
  t.equal(fresh.store.lastToken(), -1, 'out of the way, as the words say, the node begins anew')
  await fresh.eventStore.close()
})

t.test('damage met while reading is AXONIQ-9000 for the reader, and known afterwards', async t => {
  const options = await lived(t)
  const file = eventFiles(options.directory)
    .map(name => join(options.directory, 'events/default', name))
    .find(path => readFileSync(path).includes('a1/2'))!
  const bytes = readFileSync(file)
  bytes.fill(0, bytes.indexOf('a1/2'), bytes.indexOf('a1/2') + 100)
  writeFileSync(file, bytes)
  const node = await StoreFixture.open(options)
  t.equal(node.store.damage, undefined)
  await t.rejects(node.readAggregate('a1/2'), { code: 'AXONIQ-9000', message: /is damaged/ } as never)
  t.match(node.store.damage, /is damaged/)
  t.equal((await node.readAggregate('a2/0')).length, 1, 'what is not concerned is read')
  await node.eventStore.close()
})

/** What the state store of an equal node held after its first life. */
async function stateOfFirstLife(t: Test): Promise<MemoryKeyValueStore> {
  const directory = mkdtempSync(join(tmpdir(), 'myelin-lost-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const store = new MemoryKeyValueStore()
  const node = await StoreFixture.open({
    fs: new NodeFileSystem(),
    store,
    directory,
    journalFileBytes: FILE_BYTES
  })
  await node.eventStore.close()
  return store
}
