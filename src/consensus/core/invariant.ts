/** A rule of the algorithm does not hold: the group must stop on this node, and its data must be kept as it is. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

export function invariant(holds: boolean, words: string | (() => string)): asserts holds {
  if (!holds) throw new InvariantError(typeof words === 'string' ? words : words())
}
