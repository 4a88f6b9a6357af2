import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutation } from './mutation.js'

const CORE = 'dist/src/consensus/core'

/** A copy of the compiled repository, in which one mutation at a time is in effect. */
export class Workshop {
  readonly root: string

  constructor(private readonly repository: string) {
    this.root = mkdtempSync(join(tmpdir(), 'myelin-mutants-'))
    for (const part of [
      'dist/src',
      'dist/test',
      'dist/plugins',
      'package.json',
      'test/scenarios',
      'test/simulation'
    ])
      this.#copy(part)
    for (const part of ['node_modules', 'proto']) symlinkSync(join(repository, part), join(this.root, part))
  }

  /** The code as the mutant has it. Throws when the edit does not fit exactly once. */
  static mutate(code: string, { file, name, find, replace }: Mutation): string {
    const places = code.split(find).length - 1
    if (places !== 1) throw new Error(`${file}: "${name}" fits ${places} times`)
    return code.replace(find, () => (replace === '' && find.endsWith(';') ? ';' : replace))
  }

  async with<T>(mutation: Mutation, use: () => Promise<T>): Promise<T> {
    const path = join(this.root, CORE, `${mutation.file}.js`)
    const original = readFileSync(path, 'utf8')
    writeFileSync(path, Workshop.mutate(original, mutation))
    try {
      return await use()
    } finally {
      writeFileSync(path, original)
    }
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  #copy(part: string): void {
    const target = join(this.root, part)
    mkdirSync(join(target, '..'), { recursive: true })
    cpSync(join(this.repository, part), target, { recursive: true })
  }
}

export function readCore(repository: string, file: string): string {
  return readFileSync(join(repository, CORE, `${file}.js`), 'utf8')
}
