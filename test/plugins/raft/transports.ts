import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { PeerTransport, type PeerTransportOptions } from '../../../plugins/raft/transport/peer-transport.js'
import { Message, MessageType } from '../../../src/consensus/core/message.js'
import type { GroupMessage, PeerStream, TransportReceiver } from '../../../src/consensus/ports.js'
import { silentLogger, systemClock } from '../../../src/kernel/index.js'

/** Writes down what a transport reports. */
export class Recorder implements TransportReceiver {
  readonly messages: { node: string; group: number; message: Message }[] = []
  readonly batches: number[] = []
  readonly unreachables: [string, number | undefined][] = []
  readonly ends: string[] = []
  readonly streams: { node: string; header: Buffer; stream: PeerStream }[] = []

  received(node: string, messages: readonly GroupMessage[]): void {
    this.batches.push(messages.length)
    for (const { group, message } of messages) this.messages.push({ node, group, message })
  }

  unreachable(node: string, group: number | undefined): void {
    this.unreachables.push([node, group])
  }

  ended(node: string): void {
    this.ends.push(node)
  }

  streamOpened(node: string, header: Buffer, stream: PeerStream): void {
    this.streams.push({ node, header, stream })
  }
}

export interface Node {
  readonly transport: PeerTransport
  readonly recorder: Recorder
}

export type Addresses = Map<string, { host: string; port: number; incarnation?: number }>

let incarnations = 1000

export async function startNode(
  t: Test,
  name: string,
  addresses: Addresses,
  options: Partial<PeerTransportOptions> = {}
): Promise<Node> {
  const recorder = new Recorder()
  const transport = new PeerTransport({
    node: name,
    incarnation: incarnations++,
    host: '127.0.0.1',
    port: 0,
    addressOf: node => addresses.get(node),
    clock: systemClock,
    log: silentLogger,
    ...options
  })
  transport.receive(recorder)
  await transport.listen()
  if (!addresses.has(name)) addresses.set(name, { host: '127.0.0.1', port: transport.port })
  t.teardown(() => transport.close())
  return { transport, recorder }
}

/** Waits for what must come; fails with words when it does not. */
export async function until(what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await sleep(2)
  }
}

export function append(group: number, index: number, data: Buffer = Buffer.from('x')): GroupMessage {
  const message = new Message(MessageType.append, 2, 1)
  Object.assign(message, { term: 1, index: index - 1, logTerm: 1 })
  message.entries = [{ index, term: 1, kind: 0, data }]
  return { group, message }
}

export function heartbeat(group: number, commit: number): GroupMessage {
  return { group, message: Object.assign(new Message(MessageType.heartbeat, 2, 1), { term: 1, commit }) }
}

export function vote(group: number, term: number): GroupMessage {
  return { group, message: Object.assign(new Message(MessageType.vote, 2, 1), { term }) }
}
