import type { InitializeHook, ResolveHook } from 'node:module'
import { isOwn } from './own-package.js'

let ownParentURL = ''

/** Runs in the thread in which Node 20 resolves modules. */
export const initialize: InitializeHook<{ readonly parentURL: string }> = ({ parentURL }) => {
  ownParentURL = parentURL
}

export const resolve: ResolveHook = async (specifier, context, next) => {
  if (!isOwn(specifier)) return next(specifier, context)
  try {
    return await next(specifier, context)
  } catch {
    return next(specifier, { ...context, parentURL: ownParentURL })
  }
}
