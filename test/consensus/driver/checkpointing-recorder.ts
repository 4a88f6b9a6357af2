import type {
  CommittedEntry,
  Consensus,
  GroupPosition,
  StateSink,
  StateSource,
  StateTransfer
} from '../../../src/consensus/index.js'
import { Recorder } from './recorder.js'

interface Checkpoint {
  readonly position: GroupPosition
  readonly state: readonly string[]
}

const PIECE_ENTRIES = 10

/** A state machine with checkpoints, whose state can be moved to another node. */
export class CheckpointingRecorder extends Recorder {
  checkpoint: Checkpoint | undefined
  openSources = 0
  installs = 0
  aborts = 0
  /** Fails the pieces of a source from here on. */
  breaksAtPiece = Number.POSITIVE_INFINITY
  onCommit: () => Promise<void> = async () => {}
  #isInstalling = false

  readonly transfer: StateTransfer = {
    openSource: async (atLeast = 0) => {
      if (this.checkpoint === undefined || this.checkpoint.position.index < atLeast) this.takeCheckpoint!()
      return this.#source(this.checkpoint!)
    },
    openSink: async () => this.#sink()
  }

  takeCheckpoint: (() => void) | undefined

  /** Checkpoints now, as the event store would. */
  connect(consensus: Consensus, group: number): void {
    this.takeCheckpoint = () => {
      this.checkpoint = JSON.parse(
        JSON.stringify({ position: consensus.applied(group), state: this.applied })
      ) as Checkpoint
      consensus.checkpointed(group, this.checkpoint.position)
    }
  }

  restore(checkpoint: Checkpoint): void {
    this.checkpoint = checkpoint
    this.applied.push(...checkpoint.state)
  }

  override apply(entry: CommittedEntry): string {
    if (this.#isInstalling) throw new Error('applied while a state was being installed')
    return super.apply(entry)
  }

  #source({ position, state }: Checkpoint): StateSource {
    this.openSources++
    const recorder = this
    let isReleased = false
    return {
      position,
      manifest: Buffer.from(`${state.length}`),
      async *pieces() {
        for (let at = 0, piece = 0; at < state.length; at += PIECE_ENTRIES, piece++) {
          if (piece >= recorder.breaksAtPiece) throw new Error('the source broke')
          yield Buffer.from(JSON.stringify(state.slice(at, at + PIECE_ENTRIES)))
        }
      },
      release: () => {
        if (!isReleased) this.openSources--
        isReleased = true
      }
    }
  }

  #sink(): StateSink {
    const received: string[] = []
    return {
      begin: async () => Buffer.alloc(0),
      write: async piece => {
        received.push(...(JSON.parse(piece.toString()) as string[]))
      },
      commit: async position => {
        this.#isInstalling = true
        await this.onCommit()
        this.#isInstalling = false
        this.installs++
        this.applied.splice(0, this.applied.length, ...received)
        this.checkpoint = { position, state: [...received] }
      },
      abort: async () => {
        this.aborts++
      }
    }
  }
}
