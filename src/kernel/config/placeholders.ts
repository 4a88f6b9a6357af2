/** What a `${name}` stands for. */
export interface Replacement {
  readonly text: string
  /** True: the text must not be shown. */
  readonly secret: boolean
}

export interface Resolver {
  /** What somebody has set. `chain` are the names that are being expanded, outermost first. */
  set(name: string, chain: readonly string[]): Replacement | undefined
  /** What counts where nobody has set anything, and the placeholder has no default of its own. */
  builtIn(name: string): string | undefined
}

export interface Expansion extends Replacement {
  /** Names that stand for nothing; their placeholders stay as they are written. */
  readonly unresolved: readonly string[]
}

export class PlaceholderError extends Error {
  override readonly name = 'PlaceholderError'
}

const depthMax = 32
const lengthMax = 64 * 1024

/** Replaces `${name}` and `${name:default}`; both parts may hold placeholders themselves. */
export function expandPlaceholders(
  value: string,
  resolver: Resolver,
  chain: readonly string[] = []
): Expansion {
  return new Expander(resolver, chain).expand(value, 0)
}

class Expander {
  readonly #unresolved: string[] = []
  #secret = false

  constructor(
    private readonly resolver: Resolver,
    private readonly chain: readonly string[]
  ) {}

  expand(value: string, depth: number): Expansion {
    const text = this.#replaceAll(value, depth)
    return { text, secret: this.#secret, unresolved: this.#unresolved }
  }

  #replaceAll(value: string, depth: number): string {
    if (!value.includes('${')) return value
    if (depth > depthMax) throw new PlaceholderError(`placeholders are nested more than ${depthMax} deep`)
    let text = ''
    let position = 0
    for (;;) {
      const start = value.indexOf('${', position)
      const end = start < 0 ? -1 : closingBrace(value, start + 2)
      if (end < 0) break
      text += value.slice(position, start) + this.#replaceOne(value.slice(start + 2, end), depth + 1)
      if (text.length > lengthMax)
        throw new PlaceholderError(`placeholders give more than ${lengthMax} characters`)
      position = end + 1
    }
    return text + value.slice(position)
  }

  #replaceOne(inside: string, depth: number): string {
    const colon = separator(inside)
    const name = this.#replaceAll(colon < 0 ? inside : inside.slice(0, colon), depth)
    const found = this.resolver.set(name, this.chain)
    if (found !== undefined) {
      this.#secret ||= found.secret
      return found.text
    }
    if (colon >= 0) return this.#replaceAll(inside.slice(colon + 1), depth)
    const builtIn = this.resolver.builtIn(name)
    if (builtIn !== undefined) return builtIn
    this.#unresolved.push(name)
    return `\${${name}}`
  }
}

function closingBrace(value: string, from: number): number {
  let depth = 0
  for (let i = from; i < value.length; i++) {
    if (value.startsWith('${', i)) depth++
    else if (value[i] === '}' && depth-- === 0) return i
  }
  return -1
}

/** The first colon outside of inner placeholders. */
function separator(inside: string): number {
  let depth = 0
  for (let i = 0; i < inside.length; i++) {
    if (inside.startsWith('${', i)) depth++
    else if (inside[i] === '}' && depth > 0) depth--
    else if (inside[i] === ':' && depth === 0) return i
  }
  return -1
}
