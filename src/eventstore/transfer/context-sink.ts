import assert from 'node:assert'
import type { SegmentSummary } from '../../storage/index.js'
import { ServerError } from '../../wire/index.js'
import type { ContextCheckpoint } from '../context-state.js'
import type { LogPosition, StateSink } from '../ports.js'
import { decodeManifest, encodeHave, type Manifest } from './manifest.js'
import { decodePiece } from './pieces.js'
import type { SegmentStaging } from './segment-staging.js'
import type { StateStaging } from './state-staging.js'

/** What has been received of a state, where nothing reads it. Stays for the next attempt when a transfer breaks off. */
export interface Staging {
  readonly segments: SegmentStaging
  readonly state: StateStaging
}

export interface ContextSinkOptions {
  readonly contextId: number
  readonly staging: Staging
  /** Segments of this node, all of them in their files. */
  readonly ownSegments: () => Promise<readonly SegmentSummary[]>
  /** Words why so many bytes can not be taken. */
  readonly refuse: (bytes: number) => Promise<string | undefined>
  readonly install: (position: LogPosition, checkpoint: ContextCheckpoint) => Promise<void>
  readonly onEnd: (installed: boolean) => Promise<void>
}

/** Takes the state of a context from a peer. */
export class ContextSink implements StateSink {
  #manifest: Manifest | undefined
  #state: 'open' | 'committing' | 'ended' = 'open'

  constructor(private readonly options: ContextSinkOptions) {}

  async begin(bytes: Buffer): Promise<Buffer> {
    this.#assertOpen()
    const manifest = decodeManifest(bytes)
    const { contextId, staging, ownSegments, refuse } = this.options
    if (manifest.contextId !== contextId) {
      const what = `A peer offers the state of context ${manifest.contextId} where ${contextId} is expected`
      throw new ServerError('AXONIQ-2200', what)
    }
    const missing = manifest.segments.reduce((sum, { fileLength }) => sum + fileLength, 0)
    const own = await ownSegments()
    const known = own.reduce((sum, { dataLength }) => sum + dataLength, 0)
    const refusal = await refuse(Math.max(0, missing - known))
    if (refusal !== undefined) throw new ServerError('AXONIQ-9100', refusal)
    const segments = await staging.segments.begin(manifest.segments, own)
    const ranges = await staging.state.begin()
    this.#assertOpen()
    this.#manifest = manifest
    return encodeHave({ segments, ranges })
  }

  async write(bytes: Buffer): Promise<void> {
    this.#assertOpen()
    assert(this.#manifest !== undefined, 'a transfer begins with its manifest')
    const piece = decodePiece(bytes)
    if (piece.kind === 'segment') await this.options.staging.segments.write(piece)
    else await this.options.staging.state.write(piece)
  }

  async commit(position: LogPosition): Promise<void> {
    this.#assertOpen()
    const { segments, state } = this.options.staging
    if (this.#manifest === undefined || !segments.complete || !state.complete)
      throw new ServerError('AXONIQ-2200', 'The state of a peer has not arrived whole')
    this.#state = 'committing'
    const { snapshots, schedules } = this.#manifest
    const active = this.#manifest.segments.at(-1)!
    const { segment, dataLength: length, nextToken, recordsCrc } = active
    try {
      await this.options.install(position, {
        segments: { segment, length, nextToken, recordsCrc },
        snapshots,
        schedules,
        keySpace: state.keySpace,
        installed: await segments.seal()
      })
    } catch (error) {
      this.#state = 'open'
      throw error
    }
    await this.#end(true)
  }

  async abort(): Promise<void> {
    if (this.#state === 'open') await this.#end(false)
  }

  async #end(installed: boolean): Promise<void> {
    this.#state = 'ended'
    await this.options.staging.segments.close()
    await this.options.onEnd(installed)
  }

  #assertOpen(): void {
    if (this.#state !== 'open')
      throw new ServerError('AXONIQ-9500', 'The transfer of a state to this node has been ended')
  }
}
