import assert from 'node:assert'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Product {
  readonly name: string
  readonly version: string
  /** Top folder of the package, with `package.json` and `dist`. */
  readonly directory: string
}

/** Clients that ask for a version switch features by it: the release of the original whose protocol we speak. */
export const protocolVersion = '2026.0.0'

const packageName = 'myelin'

let product: Product | undefined

/** Who we are, from our own `package.json`. */
export function readProduct(): Product {
  product ??= findProduct(dirname(fileURLToPath(import.meta.url)))
  return product
}

function findProduct(start: string): Product {
  for (let directory = start; ; directory = dirname(directory)) {
    const file = join(directory, 'package.json')
    const found = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string })
      : {}
    if (found.name === packageName) return { name: 'Myelin', version: found.version ?? '0.0.0', directory }
    assert(directory !== dirname(directory), `no package.json of ${packageName} above ${start}`)
  }
}
