import t from 'tap'
import { ContextCatalogue } from '../../src/cluster/index.js'
import { ServerError } from '../../src/wire/index.js'

const create = (name: string) => ({
  kind: 'createContext' as const,
  name,
  replicationGroup: name,
  metaData: {}
})

function initialised(): ContextCatalogue {
  const catalogue = new ContextCatalogue()
  catalogue.apply({ kind: 'initialise' })
  return catalogue
}

function codeOf(result: unknown): string | undefined {
  return result instanceof ServerError ? result.code : undefined
}

t.test('a fresh node has no contexts and creates none before it is initialised', t => {
  const catalogue = new ContextCatalogue()
  t.equal(catalogue.initialised, false)
  t.equal(codeOf(catalogue.apply(create('default'))), 'AXONIQ-1400')
  t.same(catalogue.contexts, [])
  t.end()
})

t.test('contexts are created, found and removed', t => {
  const catalogue = initialised()
  catalogue.apply(create('orders'))
  catalogue.apply(create('billing'))
  t.same(
    catalogue.contexts.map(context => context.name),
    ['billing', 'orders']
  )
  catalogue.apply({ kind: 'deleteContext', name: 'orders' })
  t.equal(catalogue.find('orders'), undefined)
  t.end()
})

t.test('a context that is created again shares neither id nor group nor directory with the one before', t => {
  const catalogue = initialised()
  catalogue.apply(create('default'))
  const first = catalogue.find('default')!
  catalogue.apply({ kind: 'deleteContext', name: 'default' })
  catalogue.apply(create('default'))
  const second = catalogue.find('default')!
  t.not(second.contextId, first.contextId)
  t.not(second.group, first.group)
  t.not(second.directory, first.directory)
  t.end()
})

t.test('a purge replaces a context by an empty one of the same name', t => {
  const catalogue = initialised()
  catalogue.apply(create('default'))
  const before = catalogue.find('default')!
  const effect = catalogue.apply({ kind: 'purgeContext', name: 'default' })
  t.same(effect, { removed: before, added: catalogue.find('default') })
  t.end()
})

t.test('what can not be done is refused with its code and changes nothing', t => {
  const catalogue = initialised()
  catalogue.apply(create('default'))
  const before = catalogue.snapshot()
  t.equal(codeOf(catalogue.apply(create('default'))), 'AXONIQ-1304')
  t.equal(codeOf(catalogue.apply(create('9lives'))), 'AXONIQ-2308')
  t.equal(codeOf(catalogue.apply(create('a b'))), 'AXONIQ-2308')
  t.equal(codeOf(catalogue.apply(create('_internal'))), 'AXONIQ-2308')
  t.equal(
    codeOf(catalogue.apply(create('n'.repeat(129)))),
    'AXONIQ-2308',
    'a directory could not have that name'
  )
  t.equal(codeOf(catalogue.apply({ kind: 'deleteContext', name: 'nobody' })), 'AXONIQ-1302')
  t.equal(codeOf(catalogue.apply({ kind: 'deleteContext', name: '_admin' })), 'AXONIQ-2304')
  t.equal(catalogue.snapshot(), before)
  t.end()
})

t.test('a catalogue restored from its snapshot goes on as before', t => {
  const catalogue = initialised()
  catalogue.apply(create('default'))
  const restored = new ContextCatalogue(JSON.parse(JSON.stringify(catalogue.snapshot())))
  t.equal(restored.initialised, true)
  t.same(restored.contexts, catalogue.contexts)
  restored.apply(create('other'))
  catalogue.apply(create('other'))
  t.same(restored.find('other'), catalogue.find('other'))
  t.end()
})
