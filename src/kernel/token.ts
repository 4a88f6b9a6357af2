/** Names a service or an extension point. Equal names are equal tokens, also across copies of this package. */
export type Token<T> = symbol & { readonly __service?: T }

/** `name` is `area/Service@major`, for example `storage/KeyValueStore@1`. */
export function token<T>(name: string): Token<T> {
  return Symbol.for(`myelin:${name}`) as Token<T>
}
