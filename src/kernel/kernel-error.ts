import { type KernelErrorCode, kernelErrors } from './kernel-error-table.js'

type Placeholder<Text> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Word<Name> | Placeholder<Rest>
  : never
/** Remedies show code, whose braces are no placeholders. */
type Word<Name> = Name extends `${string} ${string}` ? never : Name

/** What the sentence and the remedy of a code have to be filled with. */
export type KernelErrorValues<Code extends KernelErrorCode> = Readonly<
  Record<Placeholder<(typeof kernelErrors)[Code]['sentence' | 'remedy']>, string>
>

/** The server cannot start, or a plugin did not stop well. The message is complete: what, where, what to do. */
export class KernelError<Code extends KernelErrorCode = KernelErrorCode> extends Error {
  override readonly name = 'KernelError'

  constructor(
    readonly code: Code,
    values: KernelErrorValues<Code>,
    options?: { cause?: unknown }
  ) {
    const sentence = fill(kernelErrors[code].sentence, values)
    const remedy = fill(kernelErrors[code].remedy, values)
    super(`[${code}] ${sentence} ${remedy}`, options)
  }
}

/** The reason of a failure as part of a sentence; Node adds lines to some. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error)
  return text.trim().split('\n', 1)[0]!.replace(/\.$/, '')
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (written, name: string) => values[name] ?? written)
}
