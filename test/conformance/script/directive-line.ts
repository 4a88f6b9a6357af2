import { ScriptError } from './script-error.js'

export interface Argument {
  readonly key: string
  /** Without values, an argument is a bare word: an id, a name, the data of a proposal. */
  readonly values: readonly string[]
}

export interface DirectiveLine {
  readonly command: string
  readonly args: readonly Argument[]
}

/** `command arg arg...` with `arg = key | key=[value]` and `value = word | (item, item...)`. */
export function parseDirectiveLine(line: string): DirectiveLine {
  const text = line.trim()
  const end = text.indexOf(' ')
  const command = end < 0 ? text : text.slice(0, end)
  const args: Argument[] = []
  let rest = text.slice(command.length).trimStart()
  while (rest.length > 0) {
    const { argument, length } = parseArgument(rest)
    args.push(argument)
    rest = rest.slice(length).trimStart()
  }
  return { command, args }
}

function parseArgument(text: string): { argument: Argument; length: number } {
  const keyEnd = text.search(/[ =]/)
  const key = keyEnd < 0 ? text : text.slice(0, keyEnd)
  if (key === '') throw new ScriptError(`an argument without a name at "${text}"`)
  if (text[key.length] !== '=') return { argument: { key, values: [] }, length: key.length }
  const start = key.length + 1
  if (text[start] === '(') {
    const { values, end } = parseList(text, start)
    return { argument: { key, values }, length: end }
  }
  const space = text.indexOf(' ', start)
  const end = space < 0 ? text.length : space
  return { argument: { key, values: [text.slice(start, end)] }, length: end }
}

/** Commas count at the depth of the list itself; what is nested stays text. */
function parseList(text: string, open: number): { values: string[]; end: number } {
  const values: string[] = []
  let depth = 0
  let from = open + 1
  for (let at = open; at < text.length; at++) {
    const character = text[at]
    if (character === '(') depth++
    else if (character === ')') depth--
    if (depth === 0) {
      const next = text[at + 1]
      if (next !== undefined && next !== ' ') throw new ScriptError(`text after the list at "${text}"`)
      return { values: [...values, text.slice(from, at)], end: at + 1 }
    }
    if (depth > 1 || character !== ',') continue
    values.push(text.slice(from, at))
    from = at + 1
    while (text[from] === ' ') from++
  }
  throw new ScriptError(`a list without its end at "${text}"`)
}
