import type { KeyValueBatch } from '../../storage/index.js'
import type { ContextCheckpoint, ContextState } from '../context-state.js'
import { encodeMarker, encodeRun, type SegmentIndex } from '../index/segment-index.js'
import type { LogPosition, Sequencer } from '../ports.js'
import { aggregateBucket, contextBucket, encodeOrdered, KeyKind } from '../state/keys.js'
import type { CheckpointCut, CheckpointParticipant } from './checkpointer.js'

/** What a context gives to a checkpoint: overlay, indexes of segments that became full, and the length of the active one. */
export class ContextParticipant implements CheckpointParticipant {
  #lastIndex: number
  #held = false

  constructor(
    readonly group: number,
    private state: ContextState,
    private readonly sequencer: Sequencer,
    restored: LogPosition | undefined
  ) {
    this.#lastIndex = restored?.index ?? 0
  }

  /** No cut until `replaced` or `release`: the state is about to change as a whole. */
  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
  }

  replaced(state: ContextState, position: LogPosition): void {
    this.state = state
    this.#lastIndex = position.index
    this.#held = false
  }

  cut(): CheckpointCut | undefined {
    const position = this.sequencer.applied(this.group)
    const pending = [...this.state.index.pending]
    // After a replacement the sequencer may still have to learn where the state is now.
    if (this.#held || position.index < this.#lastIndex) return undefined
    if (position.index === this.#lastIndex && pending.length === 0) return undefined
    const { keySpace } = this.state
    const { segments, overlay, snapshots, schedules, index, times } = this.state
    const at = segments.checkpointPosition()
    const payload: ContextCheckpoint = {
      segments: at,
      snapshots: snapshots.count,
      schedules: schedules.count,
      keySpace
    }
    overlay.freeze()
    return {
      position,
      payload,
      sync: () => segments.sync(at),
      *changes() {
        yield* overlay.frozenChanges()
        for (const sealed of pending) yield* indexChanges(keySpace, sealed)
      },
      done: () => {
        this.#lastIndex = position.index
        overlay.forgetFrozen()
        for (const { segment, timestampMaxMs, timePoints } of pending) {
          times.addSealed({ segment, timestampMaxMs, timePoints })
        }
        index.forgetPending(pending.length)
      }
    }
  }
}

function* indexChanges(keySpace: number, sealed: SegmentIndex): Iterable<(batch: KeyValueBatch) => void> {
  const segment = encodeOrdered(sealed.segment)
  const highest = contextBucket(KeyKind.highestSequence, keySpace)
  for (const [aggregateId, run] of sealed.runs()) {
    yield batch => {
      const bucket = aggregateBucket(KeyKind.aggregateRun, keySpace, aggregateId)
      batch.put(Buffer.concat([bucket, segment]), encodeRun(run))
      const last = run.firstSequence + run.positions.length - 1
      batch.put(Buffer.concat([highest, Buffer.from(aggregateId, 'utf8')]), encodeOrdered(last))
    }
  }
  yield batch =>
    batch.put(Buffer.concat([contextBucket(KeyKind.segmentMarker, keySpace), segment]), encodeMarker(sealed))
}
