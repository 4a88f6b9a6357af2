import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Binding } from './bindings.js'
import type { Engine } from './engine.js'

/** A binding that is installed; whether it works is another question. */
export interface InstalledBinding {
  readonly binding: Binding
  /** Of the package. */
  readonly version: string
  /** Of RocksDB or LevelDB; undefined where the package was stripped of its sources. */
  readonly engineVersion: string | undefined
  /** What `require` loads. */
  readonly entry: string
  /** False when it was compiled on this machine, against this machine's libraries. */
  readonly isPrebuilt: boolean
}

const require = createRequire(import.meta.url)

/** Reads manifests and headers, loads nothing native. */
export function findInstalled(binding: Binding): InstalledBinding | undefined {
  let manifest: string
  try {
    manifest = require.resolve(`${binding.packageName}/package.json`)
  } catch {
    return undefined
  }
  const directory = dirname(manifest)
  return {
    binding,
    version: (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version,
    engineVersion: engineVersion(binding, directory),
    entry: require.resolve(binding.packageName),
    isPrebuilt: !existsSync(join(directory, 'build', 'Release'))
  }
}

/** `rocksdb 5.2.1 (RocksDB 6.17.3)` */
export function describeBinding({ binding, version, engineVersion }: InstalledBinding): string {
  const engine = engineVersion === undefined ? binding.engineName : `${binding.engineName} ${engineVersion}`
  return `${binding.packageName} ${version} (${engine})`
}

let loaded: InstalledBinding | undefined

/** The only place that loads native code, and one per process: two RocksDB in one end it with a segmentation fault. */
export function createEngine(installed: InstalledBinding, location: string): Engine {
  if (loaded !== undefined && loaded.binding.name !== installed.binding.name) {
    throw new Error(
      `This process has loaded ${describeBinding(loaded)} already, and two storage engines in one process are not safe: use ${describeBinding(installed)} in another`
    )
  }
  loaded = installed
  return installed.binding.create(require(installed.entry), location)
}

function engineVersion({ versionHeader, versionNumbers }: Binding, directory: string): string | undefined {
  let header: string
  try {
    header = readFileSync(join(directory, versionHeader), 'utf8')
  } catch {
    return undefined
  }
  const numbers = [...header.matchAll(versionNumbers)].map(([, number]) => number)
  return numbers.length === 0 ? undefined : numbers.join('.')
}
