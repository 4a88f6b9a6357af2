import type { GroupPosition, StateSink, StateSource } from '../../../src/consensus/ports.js'

export const POSITION: GroupPosition = {
  index: 120,
  term: 3,
  membership: {
    self: 1,
    conf: { voters: [1, 2], outgoing: [], learners: [], learnersNext: [], autoLeave: false },
    members: [
      { id: 1, node: 'a', role: 'PRIMARY', priority: 0 },
      { id: 2, node: 'b', role: 'PRIMARY', priority: 0 }
    ]
  }
}

/** A state of numbered pieces. */
export class SmallSource implements StateSource {
  readonly position = POSITION
  readonly manifest: Buffer
  released = 0
  /** Highest number of pieces that were asked for. */
  asked = 0

  constructor(
    readonly count: number,
    readonly pieceBytes = 10,
    manifestBytes = 4
  ) {
    this.manifest = Buffer.alloc(manifestBytes, 1)
  }

  async *pieces(have: Buffer): AsyncGenerator<Buffer> {
    for (let i = have.readUInt32BE(0); i < this.count; i++) {
      this.asked++
      yield Buffer.alloc(this.pieceBytes, i % 256)
    }
  }

  release(): void {
    this.released++
  }
}

/** Keeps what came over several attempts. */
export class SmallSink implements StateSink {
  readonly pieces: Buffer[] = []
  committed: GroupPosition | undefined
  aborts = 0
  /** Called before each piece is kept. */
  onWrite: (piece: number) => Promise<void> = async () => {}
  manifest: Buffer | undefined

  async begin(manifest: Buffer): Promise<Buffer> {
    this.manifest = manifest
    const have = Buffer.alloc(4)
    have.writeUInt32BE(this.pieces.length, 0)
    return have
  }

  async write(piece: Buffer): Promise<void> {
    await this.onWrite(this.pieces.length)
    this.pieces.push(Buffer.from(piece))
  }

  async commit(position: GroupPosition): Promise<void> {
    this.committed = position
  }

  async abort(): Promise<void> {
    this.aborts++
  }
}
