/** A rule that every run must keep was broken. */
export class Violation extends Error {
  override readonly name = 'Violation'

  constructor(
    readonly rule: string,
    words: string
  ) {
    super(`${rule}: ${words}`)
  }
}

export function demand(holds: boolean, rule: string, words: () => string): asserts holds {
  if (!holds) throw new Violation(rule, words())
}
