import { readFileSync, writeFileSync } from 'node:fs'
import { handlerFor } from './handler-for.js'
import { parseScript } from './script/parse-script.js'
import { type Mismatch, replay, rewritten } from './script/replay.js'
import { directivesOf, type Script } from './script/script.js'
import { ScriptError } from './script/script-error.js'

export interface Outcome {
  /** Of the whole file, replayed or not. */
  readonly commands: number
  /** Words on what went wrong. */
  readonly failure: string | undefined
}

export function replayFile(path: string): Outcome {
  const script = parseOrWords(readFileSync(path, 'utf8'))
  if (typeof script === 'string') return { commands: 0, failure: script }
  const mismatch = replay(script, handlerFor(script))
  const failure = mismatch === undefined ? undefined : describeMismatch(mismatch)
  return { commands: directivesOf(script).length, failure }
}

/** Writes the outputs as they are into the file; for scenarios of our own, to be reviewed. */
export function rewriteFile(path: string): void {
  const before = readFileSync(path, 'utf8')
  const script = parseScript(before)
  const after = rewritten(script, handlerFor(script))
  if (after !== before) writeFileSync(path, after)
}

function parseOrWords(text: string): Script | string {
  try {
    return parseScript(text)
  } catch (error) {
    if (error instanceof ScriptError) return error.message
    throw error
  }
}

function describeMismatch({ directive, actual }: Mismatch): string {
  const { line, source, expected } = directive
  return `line ${line}: ${source[0]!.trim()} (- expected, + actual)\n${describeDifference(expected, actual)}`
}

const CONTEXT_LINES = 3

/** Both outputs line by line, from the first difference to the last. */
function describeDifference(expected: string, actual: string): string {
  const wanted = expected.split('\n').slice(0, -1)
  const got = actual.split('\n').slice(0, -1)
  const shorter = Math.min(wanted.length, got.length)
  let same = 0
  while (same < shorter && wanted[same] === got[same]) same++
  let sameEnd = 0
  while (sameEnd < shorter - same && wanted.at(-1 - sameEnd) === got.at(-1 - sameEnd)) sameEnd++
  const end = wanted.length - sameEnd
  return [
    ...wanted.slice(Math.max(0, same - CONTEXT_LINES), same).map(line => `    ${line}`),
    ...wanted.slice(same, end).map(line => `  - ${line}`),
    ...got.slice(same, got.length - sameEnd).map(line => `  + ${line}`),
    ...wanted.slice(end, end + CONTEXT_LINES).map(line => `    ${line}`)
  ].join('\n')
}
