import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadPlugins } from '../../src/kernel/loader/load-plugins.js'
import type { Product } from '../../src/kernel/product.js'
import { repository } from '../support/repository.js'

const fixtures = join(repository, 'test', 'kernel', 'fixtures')
const product: Product = { name: 'Myelin', version: '0.1.7', directory: repository }

interface Where {
  readonly cwd?: string
  readonly builtIn?: string
  readonly path?: readonly string[]
}

function load(list: readonly string[], { cwd = fixtures, builtIn = '/nowhere', path = [] }: Where = {}) {
  return loadPlugins(list, { builtIn, cwd, path }, product)
}

async function names(list: readonly string[], where?: Where): Promise<string[]> {
  return (await load(list, where)).map(({ plugin }) => plugin.name)
}

t.test('plugins are ES modules or CommonJS, and come in the order of the list', async t => {
  t.same(await names(['./cjs', './esm', './compiled-cjs']), ['cjs', 'esm', 'compiled-cjs'])
})

t.test('a path may be absolute, or name a file', async t => {
  t.same(await names([join(fixtures, 'esm')]), ['esm'])
  t.same(await names(['./esm/index.js']), ['esm'])
  t.same(await names(['../esm'], { cwd: join(fixtures, 'cjs') }), ['esm'])
})

t.test('the package.json of a plugin names its code, and optional peers may be absent', async t => {
  t.same(await names(['./own-scope', './optional-peer']), ['own-scope', 'optional-peer'])
})

t.test('a bare name is a built-in plugin, else a package', async t => {
  const plugin = (name: string) => ({
    'package.json': '{ "type": "module" }',
    'index.js': `export default { name: '${name}', version: '1.0.0', kernel: '*' }`
  })
  const root = t.testdir({
    builtIn: { rest: plugin('built-in rest') },
    cwd: {
      node_modules: {
        rest: plugin('other-rest'),
        near: plugin('near'),
        '@acme': { audit: plugin('@acme/audit') }
      },
      work: {}
    },
    extra: { near: plugin('far'), loose: plugin('loose'), node_modules: { installed: plugin('installed') } }
  })
  const where = { cwd: join(root, 'cwd', 'work'), builtIn: join(root, 'builtIn'), path: ['../../extra'] }
  await t.rejects(load(['rest'], where), { code: 'KERNEL_PLUGIN_MANIFEST' }, 'the built-in one was taken')
  t.same(await names(['near', '@acme/audit', 'loose', 'installed'], where), [
    'near',
    '@acme/audit',
    'loose',
    'installed'
  ])
})

t.test('origin says where a plugin came from', async t => {
  const root = t.testdir({
    mine: { 'index.mjs': `export default { name: 'mine', version: '1.0.0', kernel: '*' }` }
  })
  const [builtIn] = await load(['esm'], { builtIn: fixtures })
  const [folder] = await load(['./mine'], { cwd: root })
  t.equal(builtIn?.origin, 'built-in')
  t.equal(folder?.origin, join(root, 'mine'))
})

t.test('each thing that can be wrong has its code and its sentence', async t => {
  const dirs = t.testdir({
    'broken-syntax': {
      'package.json': '{ "type": "module" }',
      'index.js': 'export default {\n  name: "x",,\n}\n'
    },
    'broken-link': {
      'package.json': '{ "type": "module" }',
      'index.js': 'import { nothing } from "node:fs"\n'
    },
    'broken-package': { 'package.json': '{ "name": ' },
    'empty-folder': {}
  })
  await refuses(
    t,
    './nowhere',
    'KERNEL_PLUGIN_NOT_FOUND',
    /Plugin .\/nowhere was not found. Looked for: .*nowhere/
  )
  await refuses(t, 'rokcsdb', 'KERNEL_PLUGIN_NOT_FOUND', /\/nowhere\/rokcsdb, .*node_modules\/rokcsdb/)
  await refuses(t, '@acme/../../etc', 'KERNEL_PLUGIN_NOT_FOUND', /neither a path nor the name of a package/)
  await refuses(
    t,
    './empty-folder',
    'KERNEL_PLUGIN_EMPTY',
    /has no code to load: .*index.js does not exist/,
    dirs
  )
  await refuses(t, './wrong-entry', 'KERNEL_PLUGIN_EMPTY', /wrong-entry\/dist\/index.js does not exist/)
  await refuses(
    t,
    './broken-package',
    'KERNEL_PLUGIN_PACKAGE',
    /package.json of plugin .\/broken-package/,
    dirs
  )
  await refuses(
    t,
    './missing-peer',
    'KERNEL_PLUGIN_PEER_MISSING',
    /needs the package no-such-package-anywhere/
  )
  await refuses(
    t,
    './broken-syntax',
    'KERNEL_PLUGIN_SYNTAX',
    /Unexpected token.*broken-syntax\/index.js.*node --check/,
    dirs
  )
  await refuses(t, './broken-link', 'KERNEL_PLUGIN_SYNTAX', /cannot be parsed or linked.*nothing/, dirs)
  await refuses(
    t,
    './throws-on-import',
    'KERNEL_PLUGIN_IMPORT',
    /failed while it was loaded.*the moon is full/
  )
  await refuses(t, './missing-import', 'KERNEL_PLUGIN_IMPORT', /no-such-package-anywhere/)
  await refuses(t, './no-default', 'KERNEL_PLUGIN_EXPORT', /has no default export/)
  await refuses(t, './empty-cjs', 'KERNEL_PLUGIN_EXPORT', /module.exports = definePlugin/)
  await refuses(
    t,
    './wrong-range',
    'KERNEL_PLUGIN_VERSION',
    /built for Myelin >=99, and this is Myelin 0.1.7/
  )
  await refuses(t, './wrong-peer', 'KERNEL_PLUGIN_VERSION', /built for Myelin \^99.0.0/)
})

t.test('a wrong declaration is described whole', async t => {
  const error = await failure(['./bad-manifest'])
  t.match(error, { code: 'KERNEL_PLUGIN_MANIFEST' })
  for (const fault of [
    /name must be a name/,
    /version must be a text/,
    /kernel must be a range/,
    /provides must be an array of tokens/,
    /strat is not a field/
  ])
    t.match(error.message, fault)
})

t.test('a declaration may not hide behind other shapes', async t => {
  for (const wrong of [
    7,
    'rest',
    null,
    { name: 'x' },
    { name: 'x', version: '1', kernel: '*', config: [{ name: 'a' }] },
    { name: 'x', version: '1', kernel: '*', startDeadlineMs: 0 }
  ])
    await t.rejects(
      loadPlugins([wrong as never], { builtIn: '', cwd: '/', path: [] }, product),
      JSON.stringify(wrong)
    )
})

t.test('two plugins of one name are refused, wherever they come from', async t => {
  const error = await failure(['./esm', './same-name'])
  t.match(error, {
    code: 'KERNEL_PLUGIN_DUPLICATE',
    message: /have the name esm: .*fixtures\/esm and .*fixtures\/same-name/
  })
  t.match(await failure(['./esm', './esm']), { code: 'KERNEL_PLUGIN_DUPLICATE' })
})

async function refuses(
  t: Test,
  plugin: string,
  code: string,
  message: RegExp,
  cwd = fixtures
): Promise<void> {
  await t.rejects(load([plugin], { cwd }), { code, message }, `${plugin}: ${code}`)
}

async function failure(list: readonly string[]): Promise<Error> {
  try {
    await load(list)
  } catch (error) {
    return error as Error
  }
  throw new Error('it was not refused')
}
