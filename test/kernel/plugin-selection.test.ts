import fc from 'fast-check'
import t from 'tap'
import { orderPlugins } from '../../src/kernel/loader/plugin-order.js'
import { collectDeclarations } from '../../src/kernel/loader/property-claims.js'
import { chooseServices } from '../../src/kernel/loader/service-choice.js'
import type { Plugin } from '../../src/kernel/plugin.js'
import { token } from '../../src/kernel/token.js'

const A = token('test/A@1')
const B = token('test/B@1')
const C = token('test/C@1')
const Point = token('test/Point@1')
const Log = token('test/Log@1')

function plugin(name: string, fields: Partial<Plugin> = {}): Plugin {
  return { name, version: '1.0.0', kernel: '*', ...fields }
}

function order(plugins: readonly Plugin[], named: Record<string, string> = {}): string[] {
  const choice = chooseServices(plugins, new Map(Object.entries(named)))
  return orderPlugins(choice, new Set([Log])).map(({ name }) => name)
}

t.test('providers come before those who need them, the rest as listed', async t => {
  const plugins = [
    plugin('z'),
    plugin('needs-a', { requires: [A, Log] }),
    plugin('y'),
    plugin('uses-b', { optional: [B, C] }),
    plugin('has-a', { provides: [A] }),
    plugin('has-b', { provides: [B], requires: [A] })
  ]
  t.same(order(plugins), ['z', 'has-a', 'needs-a', 'y', 'has-b', 'uses-b'])
})

t.test('contributors come before the plugin that collects them', async t => {
  const plugins = [
    plugin('server', { collects: [Point], extends: [Point] }),
    plugin('one', { extends: [Point] }),
    plugin('two', { extends: [Point], requires: [A] }),
    plugin('a', { provides: [A] })
  ]
  t.same(order(plugins), ['one', 'a', 'two', 'server'])
})

t.test('a plugin may require what it provides itself', async t => {
  t.same(order([plugin('self', { provides: [A], requires: [A] })]), ['self'])
})

t.test('any order that can be found keeps every provider before its users', async t => {
  const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 })
  const property = fc.property(
    edges,
    fc.shuffledSubarray([...Array(10).keys()], { minLength: 10 }),
    (pairs, shuffle) => {
      const tokens = shuffle.map(i => token(`test/T${i}@1`))
      const requires = new Map<number, ReturnType<typeof token>[]>()
      // Only from a higher to a lower number, so that there is no circle.
      for (const [a, b] of pairs) {
        if (a !== b)
          requires.set(Math.max(a, b), [...(requires.get(Math.max(a, b)) ?? []), tokens[Math.min(a, b)]!])
      }
      const plugins = shuffle.map(i =>
        plugin(`p${i}`, { provides: [tokens[i]!], requires: requires.get(i) ?? [] })
      )
      const ordered = orderPlugins(chooseServices(plugins, new Map()), new Set())
      const seen = new Set<unknown>()
      for (const { provides = [], requires = [] } of ordered) {
        if (!requires.every(required => seen.has(required))) return false
        for (const provided of provides) seen.add(provided)
      }
      return ordered.length === plugins.length
    }
  )
  t.doesNotThrow(() => fc.assert(property))
})

t.test('a circle is printed as a path that closes, with its reasons', async t => {
  const plugins = [
    plugin('start', { requires: [A] }),
    plugin('a', { provides: [A], requires: [B] }),
    plugin('b', { provides: [B], collects: [Point] }),
    plugin('c', { extends: [Point], optional: [A] })
  ]
  t.throws(() => order(plugins), {
    code: 'KERNEL_PLUGIN_CYCLE',
    message: /circle: a -> b -> c -> a \(a requires B of b, b collects Point of c, c uses A of a\)/
  })
})

t.test('a required service that nobody provides is an error, an optional one is not', async t => {
  t.throws(() => order([plugin('lonely', { requires: [C] })]), {
    code: 'KERNEL_SERVICE_MISSING',
    message: /lonely requires the service C, and no loaded plugin provides it/
  })
  t.same(order([plugin('lonely', { optional: [C] })]), ['lonely'])
})

t.test('the services of the kernel are its own', async t => {
  t.throws(() => order([plugin('usurper', { provides: [Log] })]), {
    code: 'KERNEL_SERVICE_RESERVED',
    message: /usurper.*Log/
  })
})

t.test('two providers of one service are an error until a property names one', async t => {
  const plugins = [
    plugin('mine', { provides: [A] }),
    plugin('theirs', { provides: [A] }),
    plugin('user', { requires: [A] })
  ]
  t.throws(() => order(plugins), {
    code: 'KERNEL_SERVICE_AMBIGUOUS',
    message: /service A is provided by mine and theirs. Name the one to use: myelin.services.A=mine/
  })
  t.same(order(plugins, { A: 'theirs' }), ['theirs', 'user'])
  t.same(order(plugins, { a: 'mine' }), ['mine', 'user'], 'environment variables have no case')
  t.same(order(plugins, { 'test/A@1': 'mine' }), ['mine', 'user'], 'the long name')
})

t.test('a property that names nobody who could is an error', async t => {
  const plugins = [plugin('mine', { provides: [A] })]
  t.throws(() => order(plugins, { A: 'yours' }), {
    code: 'KERNEL_SERVICE_CHOICE',
    message: /It is provided by mine/
  })
  t.throws(() => order(plugins, { Typo: 'mine' }), {
    code: 'KERNEL_SERVICE_CHOICE',
    message: /no loaded plugin/
  })
})

t.test('a replaced plugin is left out, unless somebody needs another service of it', async t => {
  const both = plugin('both', { provides: [A, B], extends: [Point] })
  const rival = plugin('rival', { provides: [A] })
  const usesA = plugin('uses-a', { requires: [A] })
  const usesB = plugin('uses-b', { optional: [B] })
  t.same(order([both, rival, usesA], { A: 'rival' }), ['rival', 'uses-a'])
  t.same(order([both, rival, usesA, usesB], { A: 'rival' }), ['both', 'rival', 'uses-a', 'uses-b'])
})

t.test('leaving one replaced plugin out may make another one needless', async t => {
  const plugins = [
    plugin('old-a', { provides: [A, C], requires: [B] }),
    plugin('old-b', { provides: [B, token('test/D@1')] }),
    plugin('new-a', { provides: [A] }),
    plugin('new-d', { provides: [token('test/D@1')] }),
    plugin('user', { requires: [A] })
  ]
  t.same(order(plugins, { A: 'new-a', D: 'new-d' }), ['new-a', 'new-d', 'user'])
})

t.test('a property has one owner', async t => {
  const declare = (name: string, property: string) =>
    plugin(name, { config: [{ name: property, type: 'string', default: null, doc: 'x' }] })
  t.equal(collectDeclarations([declare('a', 'a.file'), declare('b', 'b.file')]).length, 2)
  const clash = (plugins: Plugin[], message: RegExp) =>
    t.throws(() => collectDeclarations(plugins), { code: 'KERNEL_PROPERTY_CLASH', message })
  clash(
    [declare('a', 'x.file-name'), declare('b', 'x.fileName')],
    /x.fileName of plugin b belongs to a already/
  )
  clash([declare('a', 'axoniq.axonserver.port')], /axoniq.axonserver.port of plugin a belongs to Myelin/)
  clash([declare('a', 'logging.file')], /belongs to Myelin/)
  clash(
    [plugin('a', { owns: ['server.ssl.'] }), plugin('b', { owns: ['server.ssl.key-store'] })],
    /server.ssl.key-store of plugin b/
  )
})
