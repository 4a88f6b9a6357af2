import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import satisfies from 'semver/functions/satisfies.js'
import { KernelError } from '../kernel-error.js'
import type { Product } from '../product.js'
import type { LocatedPlugin } from './located-plugin.js'
import { offerOwnPackage, ownPackageName } from './own-package.js'
import { readPackageFile } from './package-file.js'

/** Looks at what the package of a plugin asks for, before its code runs. */
export function checkPeers(located: LocatedPlugin, product: Product): void {
  if (located.isBuiltIn) return
  const { peers } = readPackageFile(located.directory, located.written)
  for (const [peer, range] of peers) {
    if (peer === ownPackageName) checkVersion(located.written, range, product.version)
    else if (!canFind(peer, located.file)) {
      throw new KernelError('KERNEL_PLUGIN_PEER_MISSING', {
        plugin: located.written,
        peer,
        directory: located.directory
      })
    }
  }
  if (!canFindOwnPackage(located.file)) offerOwnPackage(product)
}

export function checkVersion(plugin: string, range: string, version: string): void {
  if (satisfies(version, range, { includePrerelease: true })) return
  throw new KernelError('KERNEL_PLUGIN_VERSION', { plugin, range, version })
}

function canFindOwnPackage(file: string): boolean {
  try {
    createRequire(file).resolve(`${ownPackageName}/package.json`)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    return false
  }
}

/** Looks for the folder, since a package may export nothing that could be resolved. */
function canFind(name: string, file: string): boolean {
  const places = createRequire(file).resolve.paths(name) ?? []
  return places.some(place => existsSync(join(place, name, 'package.json')))
}
