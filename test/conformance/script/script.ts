import type { Arguments } from './arguments.js'

export interface Directive {
  readonly command: string
  readonly args: Arguments
  readonly input: string
  /** With one line end after each line; empty without a separator. */
  readonly expected: string
  /** Of the directive, counted from 1. */
  readonly line: number
  /** The lines of the directive and its input, as they stand. */
  readonly source: readonly string[]
}

/** A line between the directives: comment, blank, or the frame of a subtest. */
export interface Passage {
  readonly text: string
}

/** A test file: directives with the outputs they are to have, and what stands between them. */
export interface Script {
  readonly parts: readonly (Directive | Passage)[]
}

export const SEPARATOR = '----'

export function isDirective(part: Directive | Passage): part is Directive {
  return 'command' in part
}

export function directivesOf({ parts }: Script): readonly Directive[] {
  return parts.filter(isDirective)
}
