/** Names a service or an extension point. Equal names are equal tokens, also across copies of this package. */
export type Token<T> = symbol & { readonly __service?: T }

/** `name` is `area/Service@major`, for example `storage/KeyValueStore@1`. */
export function token<T>(name: string): Token<T> {
  return Symbol.for(`myelin:${name}`) as Token<T>
}

/** `storage/KeyValueStore@1`: for messages. */
export function tokenName(token: Token<unknown>): string {
  return (token.description ?? '').replace(/^myelin:/, '')
}

/** `KeyValueStore`: as operators write it in `myelin.services.KeyValueStore`. */
export function serviceName(token: Token<unknown>): string {
  return tokenName(token).replace(/^.*\//, '').replace(/@\d+$/, '')
}
