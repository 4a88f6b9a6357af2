import { join } from 'node:path'
import type { Clock, Logger, Timer } from '../../kernel/index.js'
import type { KeyValueStore, SegmentSummary } from '../../storage/index.js'
import { ServerError } from '../../wire/index.js'
import type { Checkpointer } from '../checkpoint/checkpointer.js'
import type { ContextCheckpoint, ContextState } from '../context-state.js'
import type { LogPosition, StateSink, StateSource, StateTransfer } from '../ports.js'
import { firstKeySpace, otherKeySpace } from '../state/keys.js'
import { purgeKeySpace } from '../state/purge.js'
import { ContextSink, type Staging } from './context-sink.js'
import { ContextSource } from './context-source.js'
import { MANIFEST_FORMAT } from './manifest.js'
import { incomingName, nextIncoming, removeIncoming } from './segment-install.js'
import { SegmentStaging } from './segment-staging.js'
import { StateStaging } from './state-staging.js'
import { StateWalk } from './state-walk.js'

/** The running context whose state moves. */
export interface TransferableContext {
  readonly group: number
  readonly state: ContextState
  /** What an earlier state has left is removed. */
  purged(): Promise<void>
  /** Makes what was received the state of this node, all or nothing. */
  install(position: LogPosition, checkpoint: ContextCheckpoint): Promise<void>
}

export interface ContextTransferOptions {
  readonly store: KeyValueStore
  readonly checkpointer: Checkpointer
  readonly clock: Clock
  readonly log: Logger
  /** A disk that would have less left refuses a transfer at its beginning. */
  readonly freeBytesMin: number
  readonly onFatal: (error: unknown) => void
}

export interface ContextTransferStats {
  openSources: number
  installs: number
  aborts: number
}

const SOURCES_MAX = 4
/** How long what a broken transfer has brought waits for the next attempt. */
const STAGING_KEPT_MS = 10 * 60_000

/** Gives the state of a context to peers, and takes it from one. */
export class ContextTransfer implements StateTransfer {
  readonly stats: ContextTransferStats = { openSources: 0, installs: 0, aborts: 0 }
  #staging: Staging | undefined
  #sink: ContextSink | undefined
  #discarding: Promise<void> = Promise.resolve()
  #discardTimer: Timer | undefined
  #installing: Promise<unknown> = Promise.resolve()
  #isInstalling = false
  #isReady = false
  #closed = false

  constructor(
    private readonly context: TransferableContext,
    private readonly options: ContextTransferOptions
  ) {}

  /** The context takes part in checkpoints from now on: before, nothing is given or taken. */
  begin(): void {
    this.#isReady = true
  }

  async openSource(atLeast = 1): Promise<StateSource> {
    const { checkpointer } = this.options
    this.#assertReady()
    if (this.stats.openSources >= SOURCES_MAX)
      throw new ServerError(
        'AXONIQ-1900',
        `The state of ${this.#name} is being sent to ${SOURCES_MAX} peers already`
      )
    this.stats.openSources++
    try {
      await checkpointer.reach(this.context.group, atLeast)
      return await checkpointer.between(() => this.#pin(atLeast))
    } catch (error) {
      this.stats.openSources--
      throw error
    }
  }

  async openSink(): Promise<StateSink> {
    this.#assertReady()
    this.#assertNoSink()
    const sink = new ContextSink({
      contextId: this.context.state.options.contextId,
      staging: await this.#openStaging(),
      ownSegments: () => this.#ownSegments(),
      refuse: bytes => this.#refuse(bytes),
      install: (position, checkpoint) => this.#install(position, checkpoint),
      onEnd: installed => this.#ended(installed)
    })
    this.#assertNoSink()
    this.#sink = sink
    return sink
  }

  /** Waits for an install that is under way; whatever else has arrived is given up at the next start. */
  async close(): Promise<void> {
    this.#closed = true
    this.#discardTimer?.cancel()
    await this.#installing
    await this.#sink?.abort()
    await this.#discarding
  }

  get #name(): string {
    return `context ${this.context.state.options.name}`
  }

  #assertReady(): void {
    if (this.#isReady && !this.#closed && !this.#isInstalling) return
    throw new ServerError('AXONIQ-1900', `${this.#name} is being opened, closed or replaced: try again`)
  }

  #assertNoSink(): void {
    if (this.#sink !== undefined)
      throw new ServerError('AXONIQ-1900', `${this.#name} takes the state of a peer already`)
  }

  #pin(atLeast: number): StateSource {
    this.#assertReady()
    const { state, group } = this.context
    const newest = this.options.checkpointer.newest(group)
    if (newest === undefined || newest.position.index < Math.max(atLeast, 1))
      throw new ServerError(
        'AXONIQ-7000',
        `${this.#name} has no checkpoint yet that contains log index ${atLeast}`
      )
    const checkpoint = newest.payload as ContextCheckpoint
    const { segments, snapshots, schedules } = checkpoint
    const contextId = state.options.contextId
    const keySpace = checkpoint.keySpace ?? firstKeySpace(contextId)
    return new ContextSource({
      ...state.options,
      position: newest.position,
      manifest: {
        format: MANIFEST_FORMAT,
        contextId,
        segments: this.#segmentsAt(segments),
        snapshots,
        schedules
      },
      walk: new StateWalk(this.options.store, keySpace),
      slots: state.options.cache.slots,
      onRelease: () => this.stats.openSources--
    })
  }

  #segmentsAt(at: ContextCheckpoint['segments']): SegmentSummary[] {
    const { segments } = this.context.state
    const full = segments.summaries().filter(({ segment }) => segment < at.segment)
    const isWhole = full.every(({ nextToken }, i) => nextToken === (full[i + 1]?.segment ?? at.segment))
    const begins = full[0]?.segment ?? at.segment
    if (!isWhole || begins !== segments.firstToken || at.recordsCrc === undefined)
      throw new ServerError(
        'AXONIQ-9000',
        `An event segment of ${this.#name} is damaged: this node can not give its state to a peer`
      )
    const { segment, length, nextToken, recordsCrc } = at
    return [...full, { segment, nextToken, dataLength: length, fileLength: length, recordsCrc }]
  }

  async #ownSegments(): Promise<readonly SegmentSummary[]> {
    const { segments } = this.context.state
    const own = segments.summaries()
    await segments.flush()
    return own
  }

  async #openStaging(): Promise<Staging> {
    this.#discardTimer?.cancel()
    await this.#discarding
    await this.context.purged()
    if (this.#staging !== undefined) return this.#staging
    const { state, group } = this.context
    const newest = this.options.checkpointer.newest(group)?.payload as ContextCheckpoint | undefined
    const incoming = incomingName(nextIncoming(newest?.installed))
    this.#staging = {
      segments: new SegmentStaging({ ...state.options, incoming }),
      state: new StateStaging(this.options.store, otherKeySpace(state.keySpace))
    }
    return this.#staging
  }

  async #refuse(bytes: number): Promise<string | undefined> {
    const { fs, directory } = this.context.state.options
    const free = await fs.freeBytes(join(directory, '..'))
    if (free - bytes >= this.options.freeBytesMin) return undefined
    return `The state that a peer offers has ${bytes} bytes more than this node has of it, and the disk of ${directory} has ${free} left: free some space`
  }

  async #install(position: LogPosition, checkpoint: ContextCheckpoint): Promise<void> {
    if (this.#closed) throw new ServerError('AXONIQ-9500', `${this.#name} is being closed`)
    this.#isInstalling = true
    const installing = this.context.install(position, checkpoint)
    this.#installing = installing.catch(() => {})
    try {
      await installing
    } finally {
      this.#isInstalling = false
    }
  }

  async #ended(installed: boolean): Promise<void> {
    this.#sink = undefined
    if (installed) {
      this.stats.installs++
      this.#staging = undefined
      return
    }
    this.stats.aborts++
    if (!this.#closed)
      this.#discardTimer = this.options.clock.after(STAGING_KEPT_MS, () => {
        this.#discarding = this.#discard().catch(error =>
          this.options.log.warn(
            { context: this.#name, error },
            'what a broken transfer has left was not removed'
          )
        )
      })
  }

  async #discard(): Promise<void> {
    const staging = this.#staging
    if (staging === undefined || this.#sink !== undefined) return
    this.#staging = undefined
    await removeIncoming(this.context.state.options)
    await purgeKeySpace(this.options.store, staging.state.keySpace)
  }
}
