import type { RawEntry } from './source.js'

export interface Arguments {
  /** `--name=value` */
  readonly options: readonly RawEntry[]
  /** `-Dname=value` */
  readonly system: readonly RawEntry[]
}

/** Takes the properties out of a command line and leaves everything else to others. */
export function parseArguments(argv: readonly string[]): Arguments {
  const options: RawEntry[] = []
  for (const argument of argv) {
    const match = /^--([A-Za-z][^=]*)(?:=(.*))?$/s.exec(argument)
    if (match !== null) options.push({ key: match[1]!, value: match[2], where: `argument --${match[1]}` })
  }
  return { options, system: parseSystemProperties(argv, 'argument') }
}

/** The `-D` options that Java installations keep in the environment. */
export function parseJavaOptions(env: NodeJS.ProcessEnv): RawEntry[] {
  return ['JAVA_OPTS', 'JAVA_TOOL_OPTIONS'].flatMap(name =>
    parseSystemProperties(splitWords(env[name] ?? ''), name)
  )
}

function parseSystemProperties(words: readonly string[], origin: string): RawEntry[] {
  const entries: RawEntry[] = []
  for (const word of words) {
    const match = /^-D([^=]+)(?:=(.*))?$/s.exec(word)
    if (match !== null) entries.push({ key: match[1]!, value: match[2], where: `${origin} -D${match[1]}` })
  }
  return entries
}

/** Splits at blanks; quotes hold blanks together. */
function splitWords(text: string): string[] {
  const words: string[] = []
  for (const [word] of text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)) words.push(word.replace(/["']/g, ''))
  return words
}
