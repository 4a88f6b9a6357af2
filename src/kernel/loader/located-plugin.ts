import type { Plugin } from '../plugin.js'

/** A plugin that was found and not yet loaded. */
export interface LocatedPlugin {
  /** As it stands in `myelin.plugins`. */
  readonly written: string
  readonly origin: string
  readonly directory: string
  /** The file to import. */
  readonly file: string
  readonly isBuiltIn: boolean
}

/** A plugin whose declaration was read and is good. */
export interface LoadedPlugin {
  readonly plugin: Plugin
  readonly origin: string
}
