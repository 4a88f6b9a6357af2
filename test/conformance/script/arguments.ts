import type { Argument } from './directive-line.js'
import { ScriptError } from './script-error.js'

const BOOLEANS = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map(word => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map(word => [word, false] as const)
])

/** The arguments of one directive, in their order. */
export class Arguments {
  constructor(readonly all: readonly Argument[]) {}

  /** Arguments without values. */
  get bare(): readonly string[] {
    return this.all.filter(({ values }) => values.length === 0).map(({ key }) => key)
  }

  get bareIds(): readonly number[] {
    return this.bare.map(toInteger)
  }

  /** All values of one name, over all its occurrences. */
  values(key: string): readonly string[] {
    return this.all.filter(argument => argument.key === key).flatMap(({ values }) => values)
  }

  value(key: string): string | undefined {
    const values = this.values(key)
    if (values.length > 1) throw new ScriptError(`${key} takes one value`)
    return values[0]
  }

  integer(key: string): number | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : toInteger(value)
  }

  boolean(key: string): boolean | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : toBoolean(value)
  }

  /** An empty list is written `()`. */
  list(key: string): readonly string[] {
    const values = this.values(key)
    return values.length === 1 && values[0] === '' ? [] : values
  }

  ids(key: string): readonly number[] {
    return this.list(key).map(toInteger)
  }

  /** The argument at a position, which has to be a bare word. */
  word(position: number): string {
    const argument = this.all[position]
    if (argument === undefined || argument.values.length > 0) {
      throw new ScriptError(`argument ${position + 1} has to be a bare word`)
    }
    return argument.key
  }

  id(position: number): number {
    return toInteger(this.word(position))
  }

  required<T>(value: T | undefined, key: string): T {
    if (value === undefined) throw new ScriptError(`${key}= is missing`)
    return value
  }

  /** Refuses names that a command does not know. */
  allow(...keys: readonly string[]): void {
    for (const { key, values } of this.all) {
      if (values.length > 0 && !keys.includes(key)) throw new ScriptError(`unknown argument ${key}=`)
    }
  }
}

export function toInteger(text: string): number {
  if (!/^\d+$/.test(text)) throw new ScriptError(`"${text}" is no number`)
  return Number(text)
}

export function toBoolean(text: string): boolean {
  const value = BOOLEANS.get(text)
  if (value === undefined) throw new ScriptError(`"${text}" is neither true nor false`)
  return value
}
