import { token } from './token.js'

/**
 * The validated configuration, read by canonical property name (`axoniq.axonserver.port`). A name that no schema declares
 * is a bug of the caller and throws.
 */
export interface Settings {
  /** Undefined where the property has no default and nobody set it. Durations are milliseconds, data sizes bytes. */
  number(name: string): number
  boolean(name: string): boolean
  string(name: string): string | undefined
  list(name: string): readonly string[]
  /** All `prefix.<key>` entries as key to value, keys as written; empty when none is set. */
  map(prefix: string): ReadonlyMap<string, string>
  /** True when a source other than the default gave the value. */
  isSet(name: string): boolean
}

export const Settings = token<Settings>('kernel/Settings@1')
