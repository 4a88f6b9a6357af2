import module, { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Product } from '../product.js'

export const ownPackageName = 'myelin'

type Resolve = (
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => unknown
) => unknown

/** Since Node 22.15; there it serves `require` as well. */
type RegisterHooks = (hooks: { readonly resolve: Resolve }) => void

let isOffered = false

/**
 * Lets plugins import `myelin/plugin` that lie where no copy of this package can be found: a folder mounted into a container,
 * or a server that is installed globally. A copy that can be found still wins.
 */
export function offerOwnPackage({ directory }: Product): void {
  if (isOffered) return
  isOffered = true
  const registerHooks = (module as unknown as { registerHooks?: RegisterHooks }).registerHooks
  if (registerHooks === undefined) {
    module.register('./own-package-hooks.js', { parentURL: import.meta.url, data: { directory } })
    return
  }
  registerHooks({
    resolve(specifier, context, next) {
      if (!isOwn(specifier)) return next(specifier, context)
      try {
        return next(specifier, context)
      } catch {
        return resolveInOwn(specifier, directory)
      }
    }
  })
}

export function isOwn(specifier: string): boolean {
  return specifier === ownPackageName || specifier.startsWith(`${ownPackageName}/`)
}

/** As seen from within this package, which may import itself by name. */
export function resolveInOwn(specifier: string, directory: string) {
  const file = createRequire(join(directory, 'package.json')).resolve(specifier)
  return { url: pathToFileURL(file).href, shortCircuit: true }
}
