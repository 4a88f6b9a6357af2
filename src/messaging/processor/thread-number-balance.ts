/** One client's share of a processor. */
export interface BalanceInstance {
  readonly clientId: string
  /** Segments that it could own. */
  readonly capacity: number
  readonly segmentIds: readonly number[]
}

export interface SegmentMove {
  readonly segmentId: number
  readonly targetClientId: string
}

interface Share {
  readonly clientId: string
  readonly capacity: number
  readonly segmentIds: number[]
}

/** The moves after which the clients have as equal a number of segments as their threads allow. */
export function threadNumberMoves(instances: readonly BalanceInstance[]): SegmentMove[] {
  const shares: Share[] = instances.map(instance => ({ ...instance, segmentIds: [...instance.segmentIds] }))
  const moves: SegmentMove[] = []
  for (let move = nextMove(shares); move !== undefined; move = nextMove(shares)) moves.push(move)
  return moves
}

/** From the client with most segments to the one with fewest; every move makes the difference smaller, so this ends. */
function nextMove(shares: Share[]): SegmentMove | undefined {
  shares.sort(
    (one, other) => one.segmentIds.length - other.segmentIds.length || other.capacity - one.capacity
  )
  for (const source of shares.toReversed()) {
    for (const target of shares) {
      if (!isBetter(source, target)) continue
      const segmentId = source.segmentIds.pop()!
      target.segmentIds.push(segmentId)
      return { segmentId, targetClientId: target.clientId }
    }
  }
  return undefined
}

function isBetter(source: Share, target: Share): boolean {
  const hasRoom = target.capacity > target.segmentIds.length
  return hasRoom && target.segmentIds.length + 1 <= source.segmentIds.length - 1
}
