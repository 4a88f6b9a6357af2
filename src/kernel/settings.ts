import { token } from './token.js'

/**
 * The validated configuration, read by canonical property name (`axoniq.axonserver.port`). A name that no schema declares,
 * or a reader that does not fit the property's type, is a bug of the caller and throws.
 */
export interface Settings {
  /** Durations are milliseconds, data sizes bytes. Throws where the property has no default and nobody set it. */
  number(name: string): number
  /** As `number`, for a property without a default: undefined while nobody sets it. */
  optionalNumber(name: string): number | undefined
  /** False where the property has no default and nobody set it. */
  boolean(name: string): boolean
  /** Undefined where the property has no default and nobody set it. Paths are absolute. */
  string(name: string): string | undefined
  /** Empty where the property has no default and nobody set it. Durations in a list are decimal milliseconds. */
  list(name: string): readonly string[]
  /** All `prefix.<key>` entries as key to value, keys as written; empty when none is set. */
  map(prefix: string): ReadonlyMap<string, string>
  /** True when a source other than the default gave the value. */
  isSet(name: string): boolean
}

export const Settings = token<Settings>('kernel/Settings@1')
