import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's top folder: compiled tests run from below `dist`. */
export const repository =
  findRepository(dirname(fileURLToPath(import.meta.url))) ?? findRepository(process.cwd())!

function findRepository(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'myelin')
      return folder
    if (dirname(folder) === folder) return undefined
  }
}
