import type { Index, NodeId } from '../../../src/consensus/core/types.js'

/** Who has acknowledged how much, as bars: longer means more. */
export function drawQuorum(voters: ReadonlySet<NodeId>, known: ReadonlyMap<NodeId, Index>): string {
  const count = voters.size
  if (count === 0) return '<empty majority quorum>'
  const bars = barLengths(voters, known)
  const lines = [...bars.keys()]
    .sort((a, b) => a - b)
    .map(id => {
      const index = known.get(id)
      const bar = bars.get(id)!
      const drawn =
        index === undefined ? `?${' '.repeat(count)}` : `${'x'.repeat(bar)}>${' '.repeat(count - bar)}`
      return `${drawn} ${String(index ?? 0).padStart(5)}    (id=${id.toString(16)})\n`
    })
  return `${' '.repeat(count)}    idx\n${lines.join('')}`
}

/** By ascending index; equal indexes have equal bars. */
function barLengths(voters: ReadonlySet<NodeId>, known: ReadonlyMap<NodeId, Index>): Map<NodeId, number> {
  const indexOf = (id: NodeId) => known.get(id) ?? 0
  const sorted = [...voters].sort((a, b) => indexOf(a) - indexOf(b) || a - b)
  const bars = new Map<NodeId, number>()
  let length = 0
  sorted.forEach((id, i) => {
    if (i > 0 && indexOf(id) > indexOf(sorted[i - 1]!)) length = i
    bars.set(id, length)
  })
  return bars
}
