import { type ConfChangeStep, ConfChangeType } from '../../../src/consensus/core/conf-change.js'
import { toInteger } from '../script/arguments.js'

const LETTERS: Record<string, number> = {
  v: ConfChangeType.addVoter,
  l: ConfChangeType.addLearner,
  r: ConfChangeType.removeNode,
  u: ConfChangeType.update
}

/** `v1 l2 r3 u4`; nothing is no change. A wrong token is answered in words. */
export function parseChangeTokens(text: string): ConfChangeStep[] | string {
  const changes: ConfChangeStep[] = []
  for (const token of text === '' ? [] : text.split(' ')) {
    if (token.length < 2) return `unknown token ${token}`
    const type = LETTERS[token[0]!]
    if (type === undefined) return `unknown input: ${token}`
    changes.push({ type, node: toInteger(token.slice(1)) })
  }
  return changes
}

export function describeChangeTokens(changes: readonly ConfChangeStep[]): string {
  return changes.map(({ type, node }) => `${letterOf(type)}${node}`).join(' ')
}

function letterOf(type: number): string {
  return Object.keys(LETTERS).find(letter => LETTERS[letter] === type) ?? '?'
}
