import type { OpenFile } from '../file-system.js'

export interface QuickSyncOptions {
  /** myelin.journal.quick-sync-limit: a sync that took longer is not done this way again for a while. */
  readonly limitMs: number
  /** Milliseconds that only grow. */
  readonly now: () => number
  /** Resolves once what was handed to sockets in this turn of the event loop has left. */
  readonly afterSends: () => Promise<void>
}

/** A block or two. Where more comes at once, there is other work to do while a helper thread waits for the disk. */
const QUICK_BYTES_MAX = 4 * 1024
const PAUSE_MIN = 64
const PAUSE_MAX = 4096
/** So many quick ones in a row, and a slow one is an exception again. */
const TRUSTED_AFTER = 1024

/**
 * Where a write is synced. A helper thread costs two changes of thread, which is more than a good disk takes for the sync itself;
 * but it keeps a slow disk from holding up everything else. So small writes are synced in the event loop as long as that is quick;
 * after a slow one, the next `pause` syncs go to a helper thread, and twice as many after each further one.
 */
export class SyncPolicy {
  syncsInLoop = 0
  #pause = PAUSE_MIN
  #helpedLeft = 0
  #quickInRow = 0

  constructor(private readonly quick: QuickSyncOptions | undefined) {}

  async sync(file: OpenFile, bytes: number): Promise<void> {
    if (this.quick === undefined || bytes > QUICK_BYTES_MAX) return file.sync()
    if (this.#helpedLeft > 0) {
      this.#helpedLeft--
      return file.sync()
    }
    await this.quick.afterSends()
    const beganMs = this.quick.now()
    file.syncNow()
    this.syncsInLoop++
    if (this.quick.now() - beganMs > this.quick.limitMs) this.#wasSlow()
    else this.#wasQuick()
  }

  #wasSlow(): void {
    this.#helpedLeft = this.#pause
    this.#pause = Math.min(this.#pause * 2, PAUSE_MAX)
    this.#quickInRow = 0
  }

  #wasQuick(): void {
    if (++this.#quickInRow >= TRUSTED_AFTER) this.#pause = PAUSE_MIN
  }
}
