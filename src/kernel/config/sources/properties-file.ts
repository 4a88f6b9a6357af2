import { type Pair, parseLines } from 'dot-properties'
import type { RawEntry } from './source.js'

export function parseProperties(text: string, label: string): RawEntry[] {
  const source = text.replace(/\r\n?/g, '\n')
  const entries: RawEntry[] = []
  let line = 1
  let position = 0
  for (const node of parseLines(source, true)) {
    if (node.type !== 'PAIR') continue
    const { key, value, range } = node as Required<Pair>
    for (; position < range[0]; position++) if (source[position] === '\n') line++
    entries.push({ key, value, where: `${label}:${line}` })
  }
  return entries
}
