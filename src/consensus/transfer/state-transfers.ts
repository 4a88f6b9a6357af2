import type { Clock, Logger } from '../../kernel/index.js'
import type { Index } from '../core/index.js'
import type { GroupPosition, PeerStream, StateSink, StateSource } from '../ports.js'
import { FrameStream } from './frame-stream.js'
import { FrameKind } from './frames.js'
import { RateLimit } from './rate-limit.js'
import { StateReceiver } from './state-receiver.js'
import { StateSender } from './state-sender.js'
import { asFailure, type FailureReason, TransferFailure } from './transfer-failure.js'
import { encodeTransferHeader, type TransferHeader } from './transfer-header.js'

export interface TransferLimits {
  readonly outMax: number
  readonly inMax: number
  /** axoniq.axonserver.replication.snapshot-flow-buffer */
  readonly windowPieces: number
  /** Of all streams together; 0: no limit. */
  readonly bytesPerSecondMax: number
  /** A peer that neither takes nor says anything for so long is given up. */
  readonly stallMs: number
  /** For looking through what is there, and for installing. */
  readonly installMs: number
}

export const TRANSFER_DEFAULTS: TransferLimits = {
  outMax: 2,
  inMax: 1,
  windowPieces: 50,
  bytesPerSecondMax: 0,
  stallMs: 60_000,
  installMs: 300_000
}

export interface TransferStats {
  sending: number
  receiving: number
  sentPieces: number
  sentBytes: number
  receivedPieces: number
  receivedBytes: number
  completed: number
  readonly failures: Record<FailureReason, number>
}

export type TransferResult =
  | { readonly ok: true; readonly position: GroupPosition; readonly pieces: number; readonly bytes: number }
  | { readonly ok: false; readonly reason: FailureReason; readonly message: string }

export interface SendRequest {
  readonly header: TransferHeader
  /** Released in every case. */
  readonly source: StateSource
  open(header: Buffer): PeerStream
}

export interface ReceiveRequest {
  readonly header: TransferHeader
  readonly stream: PeerStream
  /** Throws to refuse, in words. */
  accept(position: GroupPosition): Promise<StateSink>
  /** Calls `commit` when nothing of the group is being applied, and tells the core; throws to refuse. */
  install(commit: () => Promise<void>, position: GroupPosition): Promise<void>
}

interface Running {
  readonly stream: PeerStream
  readonly done: Promise<unknown>
}

/** All transfers of state of a node, of all its groups: a bounded number of streams, one rate for all that go out. */
export class StateTransfers {
  readonly stats: TransferStats = {
    sending: 0,
    receiving: 0,
    sentPieces: 0,
    sentBytes: 0,
    receivedPieces: 0,
    receivedBytes: 0,
    completed: 0,
    failures: { busy: 0, refused: 0, broken: 0, timeout: 0, failed: 0 }
  }
  readonly #limits: TransferLimits
  readonly #rate: RateLimit
  readonly #sources = new Set<{ readonly group: number; readonly index: Index }>()
  readonly #running = new Set<Running>()
  #closed = false

  constructor(
    private readonly options: {
      readonly clock: Clock
      readonly log: Logger
      readonly limits?: Partial<TransferLimits>
    }
  ) {
    this.#limits = { ...TRANSFER_DEFAULTS, ...options.limits }
    this.#rate = new RateLimit(options.clock, this.#limits.bytesPerSecondMax)
  }

  /** Offers the state to the peer and sends what it lacks. Resolves when the peer has installed it, or when nothing came of it. */
  async send(request: SendRequest): Promise<TransferResult> {
    const { header, source } = request
    const pin = { group: header.group, index: source.position.index }
    this.#sources.add(pin)
    this.stats.sending++
    try {
      if (this.#closed || this.stats.sending > this.#limits.outMax) throw busy('sends', this.#limits.outMax)
      const stream = request.open(encodeTransferHeader(header))
      return this.#ended(header, await this.#run(stream, frames => this.#send(source, frames)))
    } catch (error) {
      return this.#failed(header, asFailure(error, 'failed'))
    } finally {
      this.stats.sending--
      this.#sources.delete(pin)
      source.release()
    }
  }

  /** Takes the state that a peer offers on this stream. Whatever goes wrong before the commit, this node's state is untouched. */
  async receive(request: ReceiveRequest): Promise<TransferResult> {
    const { header, stream } = request
    this.stats.receiving++
    try {
      return this.#ended(header, await this.#run(stream, frames => this.#receive(request, frames)))
    } catch (error) {
      return this.#failed(header, asFailure(error, 'failed'))
    } finally {
      this.stats.receiving--
    }
  }

  /** The log above it is needed by a peer that is being sent a state of the group. */
  pinnedIndex(group: number): Index | undefined {
    let lowest: Index | undefined
    for (const source of this.#sources)
      if (source.group === group) lowest = Math.min(lowest ?? source.index, source.index)
    return lowest
  }

  /** Ends all streams; waits for an install that is under way. */
  async close(): Promise<void> {
    this.#closed = true
    const closing = new TransferFailure('broken', 'This node is being stopped')
    const running = [...this.#running]
    for (const { stream } of running) stream.abort(closing)
    await Promise.allSettled(running.map(({ done }) => done))
  }

  async #send(source: StateSource, frames: FrameStream): Promise<TransferResult> {
    const onPiece = (bytes: number) => {
      this.stats.sentPieces++
      this.stats.sentBytes += bytes
    }
    const sender = new StateSender({ ...this.#limits, frames, source, rate: this.#rate, onPiece })
    await sender.run().catch((error: unknown) => this.#tellPeer(frames, asFailure(error, 'failed')))
    return { ok: true, position: source.position, pieces: sender.pieces, bytes: sender.bytes }
  }

  async #tellPeer(frames: FrameStream, failure: TransferFailure): Promise<never> {
    if (failure.reason === 'failed')
      await frames.writeBlob(FrameKind.refused, Buffer.from(failure.message, 'utf8')).catch(() => {})
    throw failure
  }

  async #receive(request: ReceiveRequest, frames: FrameStream): Promise<TransferResult> {
    if (this.#closed || this.stats.receiving > this.#limits.inMax) {
      const failure = busy('receives', this.#limits.inMax)
      await frames.writeBlob(FrameKind.refused, Buffer.from(failure.message, 'utf8'))
      throw failure
    }
    const onPiece = (bytes: number) => {
      this.stats.receivedPieces++
      this.stats.receivedBytes += bytes
    }
    const receiver = new StateReceiver({
      frames,
      self: request.header.to,
      accept: position => request.accept(position),
      install: (commit, position) => request.install(commit, position),
      onPiece
    })
    const position = await receiver.run()
    return { ok: true, position, pieces: receiver.pieces, bytes: receiver.bytes }
  }

  /** However it ends, the stream is ended or given up. */
  async #run(
    stream: PeerStream,
    task: (frames: FrameStream) => Promise<TransferResult>
  ): Promise<TransferResult> {
    const done = task(new FrameStream(stream, this.options.clock, this.#limits.stallMs))
    const running = { stream, done }
    this.#running.add(running)
    try {
      const result = await done
      stream.end()
      return result
    } catch (error) {
      const failure = asFailure(error, 'failed')
      // What was refused in words must get there; a stream that is given up may drop it.
      if (failure.reason === 'broken' || failure.reason === 'timeout') stream.abort(failure)
      else stream.end()
      throw failure
    } finally {
      this.#running.delete(running)
    }
  }

  #ended(header: TransferHeader, result: TransferResult): TransferResult {
    this.stats.completed++
    if (result.ok) {
      const { pieces, bytes, position } = result
      this.options.log.info(
        { ...header, index: position.index, pieces, bytes },
        'the state of a group was transferred'
      )
    }
    return result
  }

  #failed(header: TransferHeader, { reason, message }: TransferFailure): TransferResult {
    this.stats.failures[reason]++
    this.options.log.warn({ ...header, reason, message }, 'the state of a group was not transferred')
    return { ok: false, reason, message }
  }
}

function busy(what: string, most: number): TransferFailure {
  return new TransferFailure(
    'busy',
    `This node ${what} the state of ${most} groups at most at a time, or is being stopped`
  )
}
