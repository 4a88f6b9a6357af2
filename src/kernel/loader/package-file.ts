import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { KernelError, reasonOf } from '../kernel-error.js'

/** What matters here of a plugin's `package.json`. */
export interface PackageFile {
  /** The code of the plugin, relative to the directory. */
  readonly entry: string | undefined
  readonly peers: ReadonlyMap<string, string>
}

const withoutPackage: PackageFile = { entry: undefined, peers: new Map() }

interface Written {
  readonly main?: unknown
  readonly myelin?: { readonly plugin?: unknown }
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** Reads it where there is one; a folder with `index.js` is a plugin too. */
export function readPackageFile(directory: string, plugin: string): PackageFile {
  const file = join(directory, 'package.json')
  if (!existsSync(file)) return withoutPackage
  try {
    return interpret(JSON.parse(readFileSync(file, 'utf8')) as Written)
  } catch (error) {
    throw new KernelError(
      'KERNEL_PLUGIN_PACKAGE',
      { plugin, file, reason: reasonOf(error) },
      { cause: error }
    )
  }
}

function interpret({ main, myelin, peerDependencies = {}, peerDependenciesMeta = {} }: Written): PackageFile {
  const peers = Object.entries(peerDependencies).filter(
    ([name]) => peerDependenciesMeta[name]?.optional !== true
  )
  const entry = [myelin?.plugin, main].find(written => typeof written === 'string')
  return { entry, peers: new Map(peers) }
}
