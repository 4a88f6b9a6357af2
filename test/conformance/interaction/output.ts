import { TraceLevel, type TraceSink } from '../../../src/consensus/core/trace.js'

const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'NONE']
const NOTHING = LEVELS.indexOf('NONE')

/** What a command prints and what the nodes log meanwhile, in one text. */
export class Output implements TraceSink {
  readonly level = TraceLevel.debug
  #level = 0
  #text = ''

  /** Words when there is no such level. */
  setLevel(name: string): string | undefined {
    const level = LEVELS.indexOf(name.toUpperCase())
    if (level < 0) return `log levels must be either of [${LEVELS.join(' ')}]`
    this.#level = level
    return undefined
  }

  /** Runs something at another level. */
  atLevel(name: string | undefined, work: () => string | undefined): string | undefined {
    const before = this.#level
    try {
      return (name === undefined ? undefined : this.setLevel(name)) ?? work()
    } finally {
      this.#level = before
    }
  }

  write(level: TraceLevel, text: string): void {
    if (level >= this.#level) this.print(`${LEVELS[level]} ${text}\n`)
  }

  /** Prints nothing at level NONE: setting up may be chatty. */
  print(text: string): void {
    if (this.#level !== NOTHING) this.#text += text
  }

  printLine(text: string): void {
    this.print(`${text}\n`)
  }

  /** What `work` prints stands two columns to the right, in whole lines. */
  indented<T>(work: () => T): T {
    const outer = this.#text
    this.#text = ''
    const result = work()
    const inner = this.#text
    this.#text = outer
    const lines = inner.endsWith('\n') ? inner.slice(0, -1).split('\n') : inner.split('\n')
    if (inner !== '') for (const line of lines) this.#text += `  ${line}\n`
    return result
  }

  /** Takes what was printed, and an error, which is shown at every level. */
  take(error: string | undefined): string {
    const text = this.#text + (error ?? '')
    this.#text = ''
    return text === '' ? 'ok' : text
  }
}
