import type { Logger } from './logger.js'
import type { Settings } from './settings.js'
import type { Token } from './token.js'

/** What is bound. One instance per token and kernel, made at the first `get`. */
export interface Services {
  get<T>(token: Token<T>): T
  /** The service, or undefined when no plugin provides it (`optional` in the manifest). */
  find<T>(token: Token<T>): T | undefined
  /** All contributions to an extension point, in plugin order. */
  all<T>(token: Token<T>): readonly T[]
}

export interface ServiceRegistry {
  /** Binds a service; a second binding for one token is an error. */
  bind<T>(token: Token<T>, factory: (services: Services) => T): void
  /** Adds a contribution to an extension point. */
  add<T>(token: Token<T>, factory: (services: Services) => T): void
}

export interface RegisterContext {
  readonly services: ServiceRegistry
  readonly settings: Settings
  readonly log: Logger
}

export interface PluginContext {
  readonly services: Services
  readonly settings: Settings
  readonly log: Logger
  /** Aborted when the deadline of this step has passed. */
  readonly signal: AbortSignal
}

/** The properties that a plugin owns: canonical names, or prefixes that end in a dot (maps). */
export type OwnedProperties = readonly string[]

/** A property that a third-party plugin brings along; the built-in ones stand in the property table. */
export interface PropertyDeclaration {
  /** Canonical kebab-case name, for example `acme.audit.file`. */
  readonly name: string
  readonly type: PropertyType
  readonly default: string | number | boolean | null
  readonly doc: string
  readonly sensitive?: boolean
}

export type PropertyType = 'string' | 'boolean' | 'int' | 'float' | 'duration' | 'dataSize' | 'list' | 'path'

export interface Plugin {
  /** `rocksdb`, or a package name such as `@acme/audit`. */
  readonly name: string
  readonly version: string
  /** Semver range of the kernel that this plugin was built for. */
  readonly kernel: string
  readonly owns?: OwnedProperties
  readonly config?: readonly PropertyDeclaration[]
  readonly provides?: readonly Token<unknown>[]
  readonly requires?: readonly Token<unknown>[]
  readonly optional?: readonly Token<unknown>[]
  /** Extension points that this plugin contributes to. */
  readonly extends?: readonly Token<unknown>[]
  /** Extension points whose contributors must have started before this plugin starts. */
  readonly collects?: readonly Token<unknown>[]
  /** Deadline of `start`, 30 s unless stated. */
  readonly startDeadlineMs?: number
  /** Deadline of `stop`, 10 s unless stated. */
  readonly stopDeadlineMs?: number
  /** Binds services; synchronous, no input or output. */
  register?(context: RegisterContext): void
  /** Opens files, listens. */
  start?(context: PluginContext): Promise<void> | void
  /** Called in reverse order of start, with a deadline; not for a plugin whose own start failed. */
  stop?(context: PluginContext): Promise<void> | void
}

export function definePlugin(plugin: Plugin): Plugin {
  return plugin
}
