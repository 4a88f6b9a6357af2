import { Message, MessageType } from '../../../../src/consensus/core/message.js'
import {
  type ConfState,
  type Entry,
  EntryKind,
  type Index,
  type NodeId,
  type SnapshotMeta,
  type Term
} from '../../../../src/consensus/core/types.js'

type Fields = Partial<Omit<Message, 'type'>>

/** A message as another node would send it. */
export function message(type: keyof typeof MessageType, fields: Fields = {}): Message {
  return Object.assign(new Message(MessageType[type]), fields)
}

export function entry(
  index: Index,
  term: Term,
  data: string | Buffer = '',
  kind: number = EntryKind.normal
): Entry {
  return { index, term, kind, data: typeof data === 'string' ? Buffer.from(data) : data }
}

/** Empty entries of these terms at `from`, `from + 1`, ... */
export function entries(from: Index, ...terms: Term[]): Entry[] {
  return terms.map((term, i) => entry(from + i, term))
}

/** A proposal as it comes from another node: position and term are the leader's to give. */
export function proposal(from: NodeId, ...data: string[]): Message {
  return message('propose', { from, entries: data.map(text => entry(0, 0, text)) })
}

export function confState(voters: NodeId[], rest: Partial<ConfState> = {}): ConfState {
  return { voters, outgoing: [], learners: [], learnersNext: [], autoLeave: false, ...rest }
}

export function snapshotMeta(index: Index, term: Term, conf: ConfState): SnapshotMeta {
  return { index, term, conf }
}

export function typesOf(messages: readonly Message[]): string[] {
  return messages.map(({ type }) => nameOf(type))
}

export function nameOf(type: number): string {
  const found = Object.entries(MessageType).find(([, number]) => number === type)
  return found === undefined ? `${type}` : found[0]
}
