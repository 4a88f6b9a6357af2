import { scanEvent } from '../../wire/index.js'
import type { ContextState } from '../context-state.js'

const EVENTS_PER_STEP = 1024
const BYTES_PER_STEP = 1024 * 1024

/** Token of the first event whose timestamp is at least `instantMs`; the next token when all are older; −1 when there is none. */
export async function searchToken(
  { segments, index, times }: ContextState,
  instantMs: number
): Promise<number> {
  if (segments.nextToken === segments.firstToken) return -1
  const start = times.searchFrom(instantMs, [...index.pending, index.active])
  if (start === undefined) return segments.nextToken
  const cursor = segments.cursor(start)
  try {
    for (;;) {
      const run = await cursor.next(EVENTS_PER_STEP, BYTES_PER_STEP)
      if (run.events.length === 0) return segments.nextToken
      const found = run.events.findIndex(event => scanEvent(event).timestampMs >= instantMs)
      if (found >= 0) return run.firstToken + found
    }
  } finally {
    cursor.close()
  }
}
