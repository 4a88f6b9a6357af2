import { Arguments } from './arguments.js'
import { type DirectiveLine, parseDirectiveLine } from './directive-line.js'
import { type Directive, type Passage, type Script, SEPARATOR } from './script.js'
import { ScriptError } from './script-error.js'
import { SubtestNesting } from './subtest-nesting.js'

export function parseScript(text: string): Script {
  return new ScriptParser(text).parse()
}

class ScriptParser {
  readonly #lines: readonly string[]
  #at = 0

  constructor(text: string) {
    const lines = text.split('\n')
    if (lines.at(-1) === '') lines.pop()
    this.#lines = lines
  }

  parse(): Script {
    const parts: (Directive | Passage)[] = []
    const subtests = new SubtestNesting()
    while (this.#at < this.#lines.length) {
      const line = this.#at + 1
      try {
        parts.push(...this.#next(subtests))
      } catch (error) {
        if (error instanceof ScriptError) throw new ScriptError(`line ${line}: ${error.message}`)
        throw error
      }
    }
    subtests.end()
    return { parts }
  }

  #next(subtests: SubtestNesting): (Directive | Passage)[] {
    const start = this.#at
    const text = this.#lines[this.#at++]!.trim()
    if (text === '' || text.startsWith('#')) return [{ text: this.#lines[start]! }]
    const { command, args } = this.#directiveLine(text)
    if (command === 'subtest') subtests.meet(args)
    if (command === 'subtest' || command === '') {
      return this.#lines.slice(start, this.#at).map(text => ({ text }))
    }
    const { input, hasSeparator } = this.#input()
    const source = this.#lines.slice(start, hasSeparator ? this.#at - 1 : this.#at)
    const { expected, gap } = hasSeparator ? this.#expected() : { expected: '', gap: [] }
    return [{ command, args: new Arguments(args), input, expected, line: start + 1, source }, ...gap]
  }

  #directiveLine(first: string): DirectiveLine {
    let text = first
    while (text.endsWith('\\') && this.#at < this.#lines.length) {
      text = `${text.slice(0, -1)} ${this.#lines[this.#at++]!.trim()}`
    }
    return parseDirectiveLine(text)
  }

  #input(): { input: string; hasSeparator: boolean } {
    const end = this.#lines.indexOf(SEPARATOR, this.#at)
    const lines = this.#lines.slice(this.#at, end < 0 ? undefined : end)
    this.#at = end < 0 ? this.#lines.length : end + 1
    return { input: lines.join('\n').trim(), hasSeparator: end >= 0 }
  }

  #expected(): { expected: string; gap: Passage[] } {
    const lines = this.#lines[this.#at] === SEPARATOR ? this.#untilDoubleSeparator() : this.#untilBlank()
    const gap = this.#lines[this.#at]
    if (gap !== undefined) this.#at++
    return {
      expected: lines.map(line => `${line}\n`).join(''),
      gap: gap === undefined ? [] : [{ text: gap }]
    }
  }

  #untilBlank(): readonly string[] {
    const from = this.#at
    while (this.#at < this.#lines.length && this.#lines[this.#at]!.trim() !== '') this.#at++
    return this.#lines.slice(from, this.#at)
  }

  /** Blank lines belong to the output here. */
  #untilDoubleSeparator(): readonly string[] {
    const from = ++this.#at
    while (this.#lines[this.#at] !== SEPARATOR || this.#lines[this.#at + 1] !== SEPARATOR) {
      if (this.#at >= this.#lines.length) throw new ScriptError('an output without its closing separators')
      this.#at++
    }
    const lines = this.#lines.slice(from, this.#at)
    this.#at += 2
    const next = this.#lines[this.#at]
    if (next !== undefined && next !== '') throw new ScriptError('no blank line after the closing separators')
    return lines
  }
}
