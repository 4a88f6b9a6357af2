import { type Directive, directivesOf, isDirective, type Script, SEPARATOR } from './script.js'

export interface ScriptHandler {
  /** The output of a directive; throws when the script is at fault or a rule of the algorithm is broken. */
  handle(directive: Directive): string
}

export interface Mismatch {
  readonly directive: Directive
  readonly actual: string
}

/** The first output that is not exactly the expected one. What follows it would compare a state that is already another. */
export function replay(script: Script, handler: ScriptHandler): Mismatch | undefined {
  for (const directive of directivesOf(script)) {
    const actual = outputOrWords(handler, directive)
    if (actual.isFault || actual.output !== directive.expected) return { directive, actual: actual.output }
  }
  return undefined
}

/** The script with the outputs as they are; comments and spacing stay. Faults of the script are thrown. */
export function rewritten({ parts }: Script, handler: ScriptHandler): string {
  const lines: string[] = []
  parts.forEach((part, i) => {
    if (!isDirective(part)) {
      lines.push(part.text)
      return
    }
    lines.push(...part.source, SEPARATOR, ...framed(outputOrThrow(handler, part)))
    // Without a blank line, the next directive would belong to the output.
    const next = parts[i + 1]
    if (next !== undefined && (isDirective(next) || next.text.trim() !== '')) lines.push('')
  })
  return lines.map(line => `${line}\n`).join('')
}

function outputOrWords(handler: ScriptHandler, directive: Directive): { output: string; isFault: boolean } {
  try {
    return { output: complete(handler.handle(directive)), isFault: false }
  } catch (error) {
    return { output: complete(String(error)), isFault: true }
  }
}

function outputOrThrow(handler: ScriptHandler, directive: Directive): string {
  try {
    return complete(handler.handle(directive))
  } catch (cause) {
    throw new Error(`line ${directive.line}: ${directive.command}: ${cause}`, { cause })
  }
}

function complete(output: string): string {
  return output === '' || output.endsWith('\n') ? output : `${output}\n`
}

/** An output with blank lines needs the double separators. */
function framed(output: string): readonly string[] {
  const lines = output.split('\n').slice(0, -1)
  if (lines.every(line => line.trim() !== '')) return lines
  return [SEPARATOR, ...lines, SEPARATOR, SEPARATOR]
}
