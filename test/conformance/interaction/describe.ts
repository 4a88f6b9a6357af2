import { decodeConfChange } from '../../../src/consensus/core/conf-change.js'
import { describeConfState } from '../../../src/consensus/core/membership.js'
import type { Message } from '../../../src/consensus/core/message.js'
import { messageName, roleName } from '../../../src/consensus/core/names.js'
import type { Ready } from '../../../src/consensus/core/ready.js'
import {
  APPEND_THREAD,
  APPLY_THREAD,
  type Entry,
  EntryKind,
  type HardState,
  isEmptyHardState,
  NONE,
  type NodeId,
  type SnapshotMeta,
  type SoftState
} from '../../../src/consensus/core/types.js'
import { describeChangeTokens } from '../confchange/change-tokens.js'
import { goQuote } from './go-quote.js'

export function describeEntry({ term, index, kind, data }: Entry): string {
  const position = `${term}/${index}`
  if (kind === EntryKind.normal) return `${position} EntryNormal ${goQuote(data)}`
  const name = kind === EntryKind.confChangeV1 ? 'EntryConfChange' : 'EntryConfChangeV2'
  const tokens = describeChangeTokens(decodeConfChange(data).changes)
  return tokens === '' ? `${position} ${name}` : `${position} ${name} ${tokens}`
}

export function describeEntries(entries: readonly Entry[]): string {
  return entries.map(entry => `${describeEntry(entry)}\n`).join('')
}

/** Contexts, read numbers and the hint of a consent are never shown; commit positions of votes only when there are any. */
export function describeMessage(message: Message, indent = ''): string {
  const { from, to, type, term, logTerm, index, reject, hint, commit, vote } = message
  let text = `${indent}${nodeName(from)}->${nodeName(to)} ${messageName(type)} Term:${term} Log:${logTerm}/${index}`
  if (reject) text += ` Rejected (Hint: ${hint})`
  if (commit !== 0) text += ` Commit:${commit}`
  if (vote !== NONE) text += ` Vote:${vote}`
  if (message.voteCommitTerm !== 0) text += ` VoteCommit:${message.voteCommitTerm}/${message.voteCommit}`
  text += describeEntryList(message.entries, indent)
  if (message.snapshot !== undefined && message.snapshot.index > 0) {
    text += `\n${indent}  Snapshot: ${describeSnapshot(message.snapshot)}`
  }
  return text + describeResponses(message.responses, indent)
}

function describeEntryList(entries: readonly Entry[], indent: string): string {
  if (entries.length === 0) return ''
  if (entries.length === 1) return ` Entries:[${describeEntry(entries[0]!)}]`
  const lines = entries.map(entry => `\n${indent}  ${describeEntry(entry)}`)
  return ` Entries:[${lines.join('')}\n${indent}]`
}

function describeResponses(responses: readonly Message[], indent: string): string {
  if (responses.length === 0) return ''
  const lines = responses.map(response => `\n${describeMessage(response, `${indent}  `)}`)
  return ` Responses:[${lines.join('')}\n${indent}]`
}

function nodeName(id: NodeId): string {
  if (id === NONE) return 'None'
  if (id === APPEND_THREAD) return 'AppendThread'
  if (id === APPLY_THREAD) return 'ApplyThread'
  return id.toString(16)
}

export function describeHardState({ term, vote, commit }: HardState): string {
  return `Term:${term}${vote === NONE ? '' : ` Vote:${vote}`} Commit:${commit}`
}

export function describeSoftState({ leader, role }: SoftState): string {
  return `Lead:${leader} State:${roleName(role)}`
}

export function describeSnapshot({ index, term, conf }: SnapshotMeta): string {
  return `Index:${index} Term:${term} ConfState:${describeConfState(conf)}`
}

/** Without a line end when there is nothing in it. */
export function describeReady(ready: Ready): string {
  const { soft, hard, reads, entries, snapshot, committed } = ready
  let text = ''
  if (soft !== undefined) text += `${describeSoftState(soft)}\n`
  if (hard !== undefined && !isEmptyHardState(hard)) text += `HardState ${describeHardState(hard)}\n`
  if (reads.length > 0) {
    text += `ReadStates [${reads.map(({ index, context }) => `{${index} ${context}}`).join(' ')}]\n`
  }
  if (entries.length > 0) text += `Entries:\n${describeEntries(entries)}`
  if (snapshot !== undefined) text += `Snapshot ${describeSnapshot(snapshot)}\n`
  if (committed.length > 0) text += `CommittedEntries:\n${describeEntries(committed)}`
  const messages = allMessages(ready)
  if (messages.length > 0) text += `Messages:\n${messages.map(each => `${describeMessage(each)}\n`).join('')}`
  return text === '' ? '<empty Ready>' : `Ready MustSync=${ready.mustSync}:\n${text}`
}

/** What asks the storage threads comes last. */
export function allMessages({ messages, append, apply }: Ready): readonly Message[] {
  const toStorage = [append, apply].filter(message => message !== undefined)
  return [...messages, ...toStorage]
}
