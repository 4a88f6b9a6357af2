import { ConfigurationError } from '../configuration-error.js'
import type { RawEntry } from './source.js'

const entriesMax = 10_000

type Where = (path: readonly (string | number)[]) => string

/** A tree of YAML or JSON as flat entries: nesting is a dot, lists of texts stay lists. */
export function flattenTree(tree: unknown, where: Where): RawEntry[] {
  const entries: RawEntry[] = []
  const add = (key: string, value: string | readonly string[], path: readonly (string | number)[]) => {
    if (entries.length === entriesMax) {
      throw new ConfigurationError([`${where(path)}: more than ${entriesMax} keys; is this the right file?`])
    }
    entries.push({ key, value, where: where(path) })
  }
  const visit = (node: unknown, key: string, path: readonly (string | number)[]): void => {
    if (Array.isArray(node)) {
      if (node.every(item => !isTree(item))) add(key, node.map(scalar), path)
      else node.forEach((item, i) => void visit(item, `${key}[${i}]`, [...path, i]))
    } else if (isTree(node)) {
      for (const [name, child] of Object.entries(node))
        visit(child, key === '' ? name : `${key}.${name}`, [...path, name])
    } else if (key !== '') add(key, scalar(node), path)
  }
  visit(tree, '', [])
  return entries
}

function isTree(node: unknown): node is object {
  return typeof node === 'object' && node !== null
}

function scalar(node: unknown): string {
  return node === null || node === undefined ? '' : String(node)
}
