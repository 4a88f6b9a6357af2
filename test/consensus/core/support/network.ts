import { type Message, MessageType } from '../../../../src/consensus/core/message.js'
import type { NodeId } from '../../../../src/consensus/core/types.js'
import { message } from './messages.js'
import type { NodeOptions } from './node-options.js'
import { node, TestNode } from './test-node.js'

const DELIVERIES_MAX = 100_000

/** `silent`: takes everything and never answers. */
export type Member = TestNode | NodeOptions | 'silent'

/** Nodes that hear each other at once, in the order in which they speak, as far as nothing is cut. */
export class Network {
  readonly nodes = new Map<NodeId, TestNode>()
  /** Everything that was delivered, since the last `recover` or `forget`. */
  delivered: Message[] = []
  /** Decides on what the other rules let through; false: lost. */
  filter: ((message: Message) => boolean) | undefined
  readonly #dropped = new Set<string>()
  readonly #ignored = new Set<number>()

  at(id: NodeId): TestNode {
    const found = this.nodes.get(id)
    if (found === undefined) throw new Error(`no node ${id}`)
    return found
  }

  /** Delivers the messages and everything that follows from them, first sent, first delivered. */
  send(...messages: Message[]): void {
    const queue = [...messages]
    for (let i = 0; i < queue.length; i++) {
      if (i > DELIVERIES_MAX) throw new Error('the nodes never stop talking')
      queue.push(...this.#deliver(queue[i]!))
    }
  }

  /** Lets everybody do what is ready, and delivers it. */
  pump(): void {
    this.send(...[...this.nodes.values()].flatMap(member => member.take()))
  }

  campaign(id: NodeId): void {
    this.at(id).raw.campaign()
    this.pump()
  }

  /** A heartbeat of a leader now, whatever its timer says. */
  beat(id: NodeId): void {
    this.at(id).stepLocal(message('beat', { from: id }))
    this.pump()
  }

  propose(id: NodeId, ...data: string[]): void {
    this.at(id).propose(...data)
    this.pump()
  }

  transfer(to: NodeId, { at }: { at: NodeId }): void {
    this.at(at).raw.transferLeadership(to)
    this.pump()
  }

  tick(ids: NodeId | readonly NodeId[], times = 1): void {
    for (let i = 0; i < times; i++) {
      for (const id of [ids].flat()) this.at(id).tick()
      this.pump()
    }
  }

  drop(from: NodeId, to: NodeId): void {
    this.#dropped.add(`${from}>${to}`)
  }

  cut(a: NodeId, b: NodeId): void {
    this.drop(a, b)
    this.drop(b, a)
  }

  isolate(id: NodeId): void {
    for (const other of this.nodes.keys()) if (other !== id) this.cut(id, other)
  }

  ignore(type: keyof typeof MessageType): void {
    this.#ignored.add(MessageType[type])
  }

  recover(): void {
    this.#dropped.clear()
    this.#ignored.clear()
    this.filter = undefined
  }

  forget(): void {
    this.delivered = []
  }

  #deliver(sent: Message): Message[] {
    if (this.#isLost(sent)) return []
    this.delivered.push(sent)
    const receiver = this.nodes.get(sent.to)
    if (receiver === undefined) return []
    receiver.step(sent)
    return receiver.take()
  }

  #isLost(message: Message): boolean {
    const { from, to, type } = message
    if (this.#dropped.has(`${from}>${to}`) || this.#ignored.has(type)) return true
    return this.filter !== undefined && !this.filter(message)
  }
}

/** Nodes 1, 2, ...; all are voters unless `shared` says otherwise. */
export function network(members: readonly (Member | undefined)[], shared: NodeOptions = {}): Network {
  const voters = members.map((_, i) => i + 1)
  const built = new Network()
  members.forEach((member = {}, i) => {
    if (member === 'silent') return
    const id = i + 1
    built.nodes.set(id, member instanceof TestNode ? member : node({ voters, ...shared, ...member, id }))
  })
  return built
}
