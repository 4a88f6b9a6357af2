/** One rule broken, by one edit of the compiled core. */
export interface Mutation {
  /** The rule as the mutant has it. */
  readonly name: string
  /** Below src/consensus/core, without extension. */
  readonly file: string
  /** Occurs exactly once in the compiled file. */
  readonly find: string
  /** Nothing: an empty statement, so that no `if` takes the next one for its own. */
  readonly replace: string
  /** The test that is meant to catch it: an id of the unit tables, or a layer. */
  readonly catcher: string
}

export type Edit = readonly [name: string, find: string, replace: string, catcher: string]

export function mutationsOf(file: string, edits: readonly Edit[]): Mutation[] {
  return edits.map(([name, find, replace, catcher]) => ({ name, file, find, replace, catcher }))
}
