import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { SEPARATOR } from './script/script.js'

export interface FoundFiles {
  readonly scripts: readonly string[]
  /** Files without a single output: explanations, licences. */
  readonly others: readonly string[]
}

/** All scripts below a folder, in lexical order. Not what editors leave behind. */
export function findScripts(folder: string): FoundFiles {
  const files = filesBelow(folder)
  const isScript = (path: string) => readFileSync(path, 'utf8').split('\n').includes(SEPARATOR)
  return { scripts: files.filter(isScript), others: files.filter(path => !isScript(path)) }
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter(name => !isLeftover(name))
    .sort()
    .flatMap(name => filesBelow(join(path, name)))
}

function isLeftover(path: string): boolean {
  const name = basename(path)
  return name.startsWith('.') || name.endsWith('~') || /^#.*#$/.test(name)
}
