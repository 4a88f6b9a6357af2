import type { InitializeHook, ResolveHook } from 'node:module'
import { isOwn, resolveInOwn } from './own-package.js'

let ownDirectory = ''

/** Runs in the thread in which Node 20 resolves modules. */
export const initialize: InitializeHook<{ readonly directory: string }> = ({ directory }) => {
  ownDirectory = directory
}

export const resolve: ResolveHook = async (specifier, context, next) => {
  if (!isOwn(specifier)) return next(specifier, context)
  try {
    return await next(specifier, context)
  } catch {
    return resolveInOwn(specifier, ownDirectory)
  }
}
