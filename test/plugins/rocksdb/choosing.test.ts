import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type Binding, bindingNamed, bindings } from '../../../plugins/rocksdb/bindings.js'
import { type Choice, chooseBinding } from '../../../plugins/rocksdb/choose-binding.js'
import { findInstalled, type InstalledBinding } from '../../../plugins/rocksdb/installed-binding.js'
import { probe, type Verdict } from '../../../plugins/rocksdb/probe.js'
import { describeRuntime, type Runtime, thisRuntime } from '../../../plugins/rocksdb/runtime.js'
import type { StoreMarker } from '../../../plugins/rocksdb/store-marker.js'
import { VerdictCache } from '../../../plugins/rocksdb/verdict-cache.js'
import { verifyBinding } from '../../../plugins/rocksdb/verify-binding.js'
import { temporaryDirectory } from './support/state-stores.js'

const NODE_20: Runtime = {
  nodeVersion: '20.20.2',
  platform: 'linux',
  arch: 'x64',
  libc: 'glibc',
  processor: 'a processor'
}
const NODE_24: Runtime = { ...NODE_20, nodeVersion: '24.21.0' }

const VERSIONS: Readonly<Record<string, readonly [version: string, engineVersion: string]>> = {
  rocksdb: ['5.2.1', '6.17.3'],
  nxtedition: ['12.2.12', '9.7.4'],
  'classic-level': ['3.0.0', '1.20']
}

function installed(name: string, overrides: Partial<InstalledBinding> = {}): InstalledBinding {
  const [version, engineVersion] = VERSIONS[name]!
  return {
    binding: bindingNamed(name)!,
    version,
    engineVersion,
    entry: '/nowhere.js',
    isPrebuilt: true,
    ...overrides
  }
}

function markerOf(name: string, overrides: Partial<StoreMarker> = {}): StoreMarker {
  const { binding, version, engineVersion } = installed(name)
  const { family } = binding
  return {
    format: 1,
    family,
    binding: binding.name,
    bindingVersion: version,
    engineVersion,
    createdBy: 'a test',
    isInitialized: true,
    ...overrides
  }
}

interface World {
  readonly setting?: string
  readonly marker?: StoreMarker
  readonly missing?: readonly string[]
  readonly broken?: Readonly<Record<string, string>>
  readonly found?: readonly InstalledBinding[]
}

function choose({ setting = 'auto', marker, missing = [], broken = {}, found = [] }: World): Promise<Choice> {
  return chooseBinding({
    directory: '/data/state',
    setting,
    marker,
    here: 'Node 24.21.0 on linux-x64 (glibc)',
    find: ({ name }: Binding) =>
      missing.includes(name)
        ? undefined
        : (found.find(candidate => candidate.binding.name === name) ?? installed(name)),
    verify: async ({ binding: { name } }): Promise<Verdict> =>
      name in broken ? { works: false, why: broken[name]!, isFinal: true } : { works: true, isFinal: true }
  })
}

const chosen = async (world: World): Promise<string> => (await choose(world)).installed.binding.name

t.test('choosing', async t => {
  await t.test(
    'the first that is installed and works is taken, and why the others were not is told',
    async t => {
      t.equal(await chosen({}), 'rocksdb')
      t.equal(await chosen({ broken: { rocksdb: 'it aborts' } }), 'nxtedition')
      const choice = await choose({ broken: { rocksdb: 'it aborts' }, missing: ['nxtedition'] })
      t.equal(choice.installed.binding.name, 'classic-level')
      t.strictSame(choice.passedOver, [
        'rocksdb: it aborts',
        'nxtedition: the package @nxtedition/rocksdb is not installed'
      ])
    }
  )

  await t.test('the binding that wrote the directory is asked first', async t => {
    for (const { name } of bindings) t.equal(await chosen({ marker: markerOf(name) }), name)
  })

  await t.test(
    'a newer engine of the same family takes over, an older one or another family never',
    async t => {
      t.equal(await chosen({ marker: markerOf('rocksdb'), broken: { rocksdb: 'it aborts' } }), 'nxtedition')
      await t.rejects(choose({ marker: markerOf('nxtedition'), missing: ['nxtedition'] }), {
        message:
          /^No storage engine may open \/data\/state, which nxtedition 12\.2\.12 wrote, with Node 24.*rocksdb 5\.2\.1 \(RocksDB 6\.17\.3\) is older than the RocksDB 9\.7\.4 that wrote.*classic-level 3\.0\.0 \(LevelDB 1\.20\) destroys what nxtedition/
      })
      await t.rejects(choose({ marker: markerOf('classic-level'), missing: ['classic-level'] }), {
        message: /destroys what classic-level 3\.0\.0 wrote.*Run a Node version for which classic-level works/
      })
      await t.rejects(choose({ marker: markerOf('rocksdb'), setting: 'classic-level' }), {
        message: /destroys/
      })
    }
  )

  await t.test('an older release of the same binding is refused', async t => {
    const older = installed('nxtedition', { version: '12.0.0', engineVersion: '9.6.0' })
    await t.rejects(choose({ marker: markerOf('nxtedition'), found: [older], missing: ['rocksdb'] }), {
      message: /@nxtedition\/rocksdb 12\.0\.0 \(RocksDB 9\.6\.0\) is older than/
    })
  })

  await t.test(
    'without the engine’s version, only the same binding in the same or a newer release is taken',
    async t => {
      const stripped = { engineVersion: undefined }
      const marker = markerOf('rocksdb', stripped)
      const world = { marker, found: [installed('rocksdb', stripped), installed('nxtedition', stripped)] }
      t.equal(await chosen(world), 'rocksdb')
      await t.rejects(choose({ ...world, broken: { rocksdb: 'it aborts' } }), {
        message:
          /whether @nxtedition\/rocksdb 12\.2\.12 \(RocksDB\) can read what rocksdb 5\.2\.1 wrote can not be told/
      })
    }
  )

  await t.test('a forced binding is taken or refused in words, never replaced', async t => {
    t.equal(await chosen({ setting: 'classic-level' }), 'classic-level')
    await t.rejects(choose({ setting: 'rocksdb', broken: { rocksdb: 'it aborts' } }), {
      message:
        'myelin.storage.engine=rocksdb does not work with Node 24.21.0 on linux-x64 (glibc) (rocksdb: it aborts). Set myelin.storage.engine=auto, or run a Node version that it supports'
    })
    await t.rejects(choose({ setting: 'nxtedition', missing: ['nxtedition'] }), {
      message: /is not installed/
    })
    await t.rejects(choose({ setting: 'lmdb' }), {
      message: 'myelin.storage.engine=lmdb is not known: set auto, rocksdb, nxtedition, classic-level'
    })
  })

  await t.test('when none works it says why of each, and what to install', async t => {
    await t.rejects(choose({ missing: ['rocksdb', 'nxtedition', 'classic-level'] }), {
      message: /^No storage engine works with Node 24.*Install one of the packages rocksdb, @nxtedition/
    })
  })
})

t.test('verifying', async t => {
  const verify = async (name: string, runtime: Runtime, overrides: Partial<InstalledBinding> = {}) => {
    let probes = 0
    const verdict = await verifyBinding(installed(name, overrides), runtime, {
      find: async () => undefined,
      remember: async () => {},
      probe: async () => {
        probes++
        return { works: true, isFinal: true }
      }
    })
    return [verdict.works, probes]
  }

  await t.test(
    'the known prebuilt is taken on Node 20 and left alone on 22 and later, without a trial',
    async t => {
      t.strictSame(await verify('rocksdb', NODE_20), [true, 0])
      for (const nodeVersion of ['22.1.0', '24.21.0', '26.0.0']) {
        t.strictSame(await verify('rocksdb', { ...NODE_20, nodeVersion }), [false, 0])
      }
    }
  )

  await t.test('everything else is tried', async t => {
    t.strictSame(await verify('rocksdb', NODE_24, { isPrebuilt: false }), [true, 1])
    t.strictSame(await verify('rocksdb', { ...NODE_20, libc: 'musl' }), [true, 1])
    t.strictSame(await verify('rocksdb', { ...NODE_20, arch: 'arm64' }), [true, 1])
    t.strictSame(await verify('rocksdb', { ...NODE_20, nodeVersion: '21.7.0' }), [true, 1])
    t.strictSame(await verify('nxtedition', NODE_20), [true, 1])
    t.strictSame(await verify('classic-level', NODE_20), [true, 1])
  })
})

t.test('remembering', async t => {
  const file = join(await temporaryDirectory(t), 'deep', 'bindings.json')
  const works: Verdict = { works: true, isFinal: true }
  const crashes: Verdict = { works: false, why: 'it ended a trial process with SIGILL', isFinal: true }

  await t.test('a verdict holds for the same Node, processor and package only', async t => {
    const cache = new VerdictCache(file, NODE_24)
    await cache.remember(installed('nxtedition'), works)
    await cache.remember(installed('rocksdb'), crashes)
    t.strictSame(await new VerdictCache(file, NODE_24).find(installed('nxtedition')), works)
    t.strictSame(await cache.find(installed('rocksdb')), crashes)
    t.equal(await cache.find(installed('rocksdb', { version: '5.2.2' })), undefined)
    t.equal(await cache.find(installed('rocksdb', { isPrebuilt: false })), undefined)
    for (const change of [
      { nodeVersion: '24.22.0' },
      { arch: 'arm64' },
      { libc: 'musl' },
      { processor: 'old' }
    ]) {
      const elsewhere = new VerdictCache(file, { ...NODE_24, ...change } as Runtime)
      t.equal(await elsewhere.find(installed('nxtedition')), undefined)
    }
  })

  await t.test('what may be otherwise next time is not remembered', async t => {
    const cache = new VerdictCache(file, NODE_20)
    await cache.remember(installed('nxtedition'), { works: false, why: 'no space left', isFinal: false })
    t.equal(await cache.find(installed('nxtedition')), undefined)
  })

  await t.test('it remembers a bounded number', async t => {
    for (let i = 0; i < 40; i++) {
      await new VerdictCache(file, { ...NODE_20, nodeVersion: `20.0.${i}` }).remember(
        installed('rocksdb'),
        works
      )
    }
    t.equal(Object.keys(JSON.parse(await readFile(file, 'utf8')) as object).length, 32)
  })

  await t.test('a file that can not be read counts as empty', async t => {
    for (const text of ['{', 'null', '7']) {
      await writeFile(file, text)
      const cache = new VerdictCache(file, NODE_20)
      t.equal(await cache.find(installed('rocksdb')), undefined)
      await cache.remember(installed('rocksdb'), works)
      t.strictSame(await cache.find(installed('rocksdb')), works)
    }
  })

  await t.test('a place that can not be written costs a trial, no more', async t => {
    const inTheWay = join(await temporaryDirectory(t), 'file')
    await writeFile(inTheWay, '')
    const cache = new VerdictCache(join(inTheWay, 'bindings.json'), NODE_20)
    await cache.remember(installed('rocksdb'), works)
    t.equal(await cache.find(installed('rocksdb')), undefined)
  })
})

/** The test runner's recorder gives every child process options of its own, whatever we leave out. */
const recorded = Object.keys(process.env).some(name => name.startsWith('_TAPJS_PROCESSINFO'))
  ? 'not run below the runner: run this file by itself'
  : false

t.test('trying', async t => {
  const directory = await temporaryDirectory(t)
  const libraries = join(directory, 'libraries')
  await mkdir(libraries)
  const tryLibrary = async (source: string): Promise<Verdict> => {
    const entry = join(libraries, `${Math.abs(source.length)}.cjs`)
    await writeFile(entry, source)
    return probe(installed('classic-level', { entry }), join(directory, 'state'))
  }

  await t.test('a library that aborts its process is told, and final', async t => {
    t.match(await tryLibrary('process.abort()'), {
      works: false,
      why: /^it ended a trial process with SIGABRT/,
      isFinal: true
    })
  })

  await t.test('one that does not load is told with its words, and final', async t => {
    t.match(await tryLibrary('throw new Error("GLIBC_2.34 not found")'), {
      works: false,
      why: 'it does not load: GLIBC_2.34 not found',
      isFinal: true
    })
  })

  await t.test('one that fails in use is told, and may work next time', async t => {
    const source =
      'exports.ClassicLevel = class { async open() { throw new Error("No space left on device") } }'
    t.match(await tryLibrary(source), {
      works: false,
      why: 'it failed in a trial: No space left on device',
      isFinal: false
    })
  })

  await t.test('one that gives back something else does not work', async t => {
    const source = `exports.ClassicLevel = class {
      async open() {}
      batch() { return { put() {}, async write() {} } }
      async getMany() { return [undefined] }
    }`
    t.match(await tryLibrary(source), { works: false, why: /does not give back what it was given/ })
  })

  await t.test(
    'options meant for the server do not reach the child, and nothing is left behind',
    { skip: recorded },
    async t => {
      const before = process.env.NODE_OPTIONS
      process.env.NODE_OPTIONS = '--require=/does/not/exist.js'
      try {
        t.match(await tryLibrary('throw new Error("reached")'), { why: 'it does not load: reached' })
      } finally {
        if (before === undefined) delete process.env.NODE_OPTIONS
        else process.env.NODE_OPTIONS = before
      }
      t.strictSame(await readdir(join(directory, 'state')), [])
    }
  )

  await t.test('classic-level works wherever this test runs', async t => {
    const found = findInstalled(bindingNamed('classic-level')!)
    if (found === undefined) return t.pass('not installed', { skip: 'classic-level is not installed' })
    t.strictSame(await probe(found, join(directory, 'state')), { works: true, isFinal: true })
  })

  t.match(describeRuntime(thisRuntime()), /^Node \d+\.\d+\.\d+ on \w+-\w+/)
})
