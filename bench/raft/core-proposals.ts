import {
  type Entry,
  type Index,
  type LogView,
  type Message,
  RAFT_DEFAULTS,
  RawNode,
  Role,
  type Term
} from '../../src/consensus/core/index.js'
import { SeededRandom } from '../../src/storage/testing.js'

const VOTERS = [1, 2, 3]
const KEPT_ENTRIES = 4096
const PAYLOAD_BYTES = 300
const WARM_UP_MS = 1000

export interface CoreResult {
  readonly groups: number
  /** Proposals that go in together, as they do under load. */
  readonly batch: number
  readonly perSecond: number
  /** Of the processor's time: what another process takes from this one does not count. */
  readonly perCpuSecond: number
}

/** Proposals committed and applied on three replicas, all in one thread, without disk, network and encoding. */
export function coreProposals(groups: number, batch: number, seconds: number): CoreResult {
  const all = Array.from({ length: groups }, (_, i) => new CoreGroup(i))
  const data = Array.from({ length: batch }, () => Buffer.alloc(PAYLOAD_BYTES))
  let next = 0
  const run = (untilMs: number) => {
    let proposals = 0
    for (; performance.now() < untilMs; proposals += batch) all[next++ % groups]!.propose(data)
    return proposals
  }
  run(performance.now() + WARM_UP_MS)
  const startedMs = performance.now()
  const cpuBefore = process.cpuUsage()
  const proposals = run(startedMs + seconds * 1000)
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    groups,
    batch,
    perSecond: (proposals / (performance.now() - startedMs)) * 1000,
    perCpuSecond: (proposals / (user + system)) * 1_000_000
  }
}

class CoreGroup {
  readonly #nodes: ReadonlyMap<number, Replica>
  #applied = 0

  constructor(seed: number) {
    this.#nodes = new Map(VOTERS.map(id => [id, new Replica(id, seed)]))
    const first = this.#nodes.get(VOTERS[0]!)!
    first.core.campaign()
    this.#settle()
    if (first.core.raft.role !== Role.leader) throw new Error('no leader')
    this.#applied = first.applied
  }

  propose(data: readonly Buffer[]): void {
    const leader = this.#nodes.get(VOTERS[0]!)!
    leader.core.propose(data)
    this.#settle()
    this.#applied += data.length
    if (leader.applied !== this.#applied) throw new Error(`applied ${leader.applied} of ${this.#applied}`)
  }

  #settle(): void {
    for (let isBusy = true; isBusy; ) {
      isBusy = false
      for (const node of this.#nodes.values()) {
        if (!node.core.hasReady()) continue
        isBusy = true
        for (const message of node.turn()) this.#nodes.get(message.to)!.core.step(message)
      }
    }
  }
}

class Replica {
  applied = 0
  readonly core: RawNode
  readonly #log = new RecentLog()

  constructor(id: number, seed: number) {
    const random = new SeededRandom(seed * VOTERS.length + id)
    this.core = new RawNode({
      ...RAFT_DEFAULTS,
      id,
      log: this.#log,
      hardState: { term: 0, vote: 0, commit: 0 },
      applied: 0,
      conf: { voters: VOTERS, outgoing: [], learners: [], learnersNext: [], autoLeave: false },
      random: () => random.next()
    })
  }

  /** What goes to the others; storing and applying take no time. */
  turn(): Message[] {
    const { messages, append, apply } = this.core.ready()
    const out = [...messages]
    if (append !== undefined) {
      this.#log.append(append.entries)
      for (const response of append.responses) this.#deliver(response, out)
    }
    if (apply !== undefined) {
      this.applied += apply.entries.length
      for (const response of apply.responses) this.#deliver(response, out)
    }
    return out
  }

  #deliver(message: Message, out: Message[]): void {
    if (message.to === this.core.raft.id) this.core.step(message)
    else out.push(message)
  }
}

/** Remembers the newest entries only. */
class RecentLog implements LogView {
  #entries: Entry[] = []
  #first = 1

  firstIndex(): Index {
    return this.#first
  }

  lastIndex(): Index {
    return this.#first + this.#entries.length - 1
  }

  term(index: Index): Term | undefined {
    return index === 0 ? 0 : this.#entries[index - this.#first]?.term
  }

  entries(from: Index, to: Index): readonly Entry[] {
    return this.#entries.slice(from - this.#first, to - this.#first)
  }

  snapshot(): undefined {
    return undefined
  }

  append(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    this.#entries.length = entries[0]!.index - this.#first
    this.#entries.push(...entries)
    if (this.#entries.length < KEPT_ENTRIES * 2) return
    this.#entries = this.#entries.slice(-KEPT_ENTRIES)
    this.#first = entries.at(-1)!.index - KEPT_ENTRIES + 1
  }
}
