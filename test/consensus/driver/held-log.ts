import {
  type GroupAppend,
  type LogCheckpoint,
  type LogStorage,
  MemoryLogStorage
} from '../../../src/storage/index.js'

interface HeldWrite {
  readonly write: () => void
  readonly fail: (error: unknown) => void
}

/** A log in memory whose writes end when the test says so. */
export class HeldLog extends MemoryLogStorage implements LogStorage {
  readonly appends: (readonly GroupAppend[])[] = []
  readonly reads: { readonly group: number; readonly from: number; readonly count: number }[] = []
  readonly removed: number[] = []
  /** What has reached the disk, in order. */
  readonly #history: ((log: HeldLog) => void)[] = []
  #held: HeldWrite[] = []
  #holds = false
  #readsHeld: (() => void)[] | undefined
  closed = false
  underWay = 0
  underWayMost = 0

  get held(): number {
    return this.#held.length
  }

  hold(): void {
    this.#holds = true
  }

  /** Ends what is held; what comes later is held again. */
  letGo(): void {
    for (const { write } of this.#held.splice(0)) write()
  }

  release(): void {
    this.#holds = false
    this.letGo()
  }

  refuse(error: unknown): void {
    for (const { fail } of this.#held.splice(0)) fail(error)
  }

  holdReads(): void {
    this.#readsHeld = []
  }

  releaseReads(): void {
    const held = this.#readsHeld ?? []
    this.#readsHeld = undefined
    for (const go of held) go()
  }

  /** As a journal: nothing is forgotten of what is above the checkpoint. */
  override async open(checkpoints: ReadonlyMap<number, LogCheckpoint>) {
    for (const [group, checkpoint] of checkpoints) super.dropPrefix(group, checkpoint)
    return super.open(new Map())
  }

  override async append(batch: readonly GroupAppend[]): Promise<void> {
    this.appends.push(batch)
    this.underWay++
    this.underWayMost = Math.max(this.underWayMost, this.underWay)
    try {
      if (this.#holds) await new Promise<void>((write, fail) => this.#held.push({ write, fail }))
      await this.#write(batch)
    } finally {
      this.underWay--
    }
  }

  override async entries(group: number, from: number, to: number, bytesMax: number) {
    if (this.#readsHeld !== undefined) await new Promise<void>(go => this.#readsHeld!.push(go))
    const found = await super.entries(group, from, to, bytesMax)
    this.reads.push({ group, from, count: found.length })
    return found
  }

  override removeGroup(group: number): void {
    this.removed.push(group)
    super.removeGroup(group)
  }

  override close(): Promise<void> {
    this.closed = true
    return super.close()
  }

  /** The same disk in the hands of the next process. */
  reopened(): HeldLog {
    const next = new HeldLog()
    next.adopt(this)
    return next
  }

  adopt(other: HeldLog): void {
    for (const step of other.#history) step(this)
  }

  override dropPrefix(group: number, checkpoint: LogCheckpoint): void {
    this.#history.push(log => log.dropPrefix(group, checkpoint))
    super.dropPrefix(group, checkpoint)
  }

  #write(batch: readonly GroupAppend[]): Promise<void> {
    this.#history.push(log => void log.#write(batch))
    return super.append(batch)
  }
}
