import { join } from 'node:path'
import { type ReadCache, type SegmentSummary, segmentFileName } from '../../storage/index.js'
import { ServerError } from '../../wire/index.js'
import type { LogPosition, StateSource } from '../ports.js'
import { decodeHave, encodeManifest, type Manifest } from './manifest.js'
import { encodePiece } from './pieces.js'
import type { SegmentPlace } from './segment-install.js'
import type { StateWalk } from './state-walk.js'

export interface ContextSourceOptions extends SegmentPlace {
  readonly position: LogPosition
  readonly manifest: Manifest
  /** Of the state at that position. */
  readonly walk: StateWalk
  readonly slots: ReadCache['slots']
  readonly onRelease: () => void
}

const CHUNK_BYTES = 512 * 1024

/**
 * The state of a context as its newest checkpoint has it. Appends and later checkpoints do not disturb it: files only grow behind
 * what the manifest names, and the keys are seen as they were.
 */
export class ContextSource implements StateSource {
  readonly position: LogPosition
  readonly manifest: Buffer
  #released = false

  constructor(private readonly options: ContextSourceOptions) {
    this.position = options.position
    this.manifest = encodeManifest(options.manifest)
  }

  async *pieces(have: Buffer): AsyncGenerator<Buffer> {
    const { segments } = this.options.manifest
    const answer = decodeHave(have)
    if (answer.segments.length !== segments.length)
      throw new ServerError('AXONIQ-2200', 'A peer answered an offered state with other segments than it has')
    for (const [place, segment] of segments.entries())
      yield* this.#chunks(place, segment, answer.segments[place]!)
    this.#assertPinned()
    for await (const piece of this.options.walk.pieces(answer.ranges)) {
      this.#assertPinned()
      yield encodePiece(piece)
    }
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    // An iteration that is closed already, or whose store is, has nothing to give back.
    this.options.walk.close().catch(() => {})
    this.options.onRelease()
  }

  async *#chunks(place: number, segment: SegmentSummary, from: number): AsyncGenerator<Buffer> {
    if (from >= segment.fileLength) return
    const file = await this.#open(segment)
    try {
      for (let offset = from; offset < segment.fileLength; ) {
        this.#assertPinned()
        const bytes = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, segment.fileLength - offset))
        const count = await this.options.slots.run(() => file.read(bytes, offset))
        if (count < bytes.length) throw this.#gone(segment)
        yield encodePiece({ kind: 'segment', place, offset, bytes })
        offset += count
      }
    } finally {
      await file.close()
    }
  }

  async #open(segment: SegmentSummary) {
    const { fs } = this.options
    const path = this.#path(segment)
    try {
      return await fs.open(path, 'read')
    } catch (error) {
      if (await fs.exists(path)) throw error
      throw this.#gone(segment)
    }
  }

  #gone(segment: SegmentSummary): ServerError {
    return new ServerError(
      'AXONIQ-9000',
      `Event segment ${this.#path(segment)} was deleted while it was being sent to a peer: the transfer begins again with what there is`
    )
  }

  #path({ segment }: SegmentSummary): string {
    return join(this.options.directory, segmentFileName(segment, this.options.suffix))
  }

  #assertPinned(): void {
    if (this.#released)
      throw new ServerError('AXONIQ-9500', `The state in ${this.options.directory} is not offered any more`)
  }
}
