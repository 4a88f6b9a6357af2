import { createRequire } from 'node:module'
import { AbstractLevelDatabase } from './abstract-level-database.js'
import type { LevelDatabase } from './level-store.js'
import { LeveldownDatabase } from './leveldown-database.js'

export type BindingName = 'rocksdb' | 'nxtedition' | 'classic-level'

export interface Binding {
  /** As in myelin.storage.engine. */
  readonly name: BindingName
  readonly packageName: string
  /** Engines of one family may not open another's directory. */
  readonly family: 'rocksdb-6' | 'rocksdb-10' | 'leveldb'
  create(directory: string): LevelDatabase
}

/** In the order in which they are tried. */
export const bindings: readonly Binding[] = [
  {
    name: 'rocksdb',
    packageName: 'rocksdb',
    family: 'rocksdb-6',
    create: directory => new LeveldownDatabase(directory)
  },
  {
    name: 'nxtedition',
    packageName: '@nxtedition/rocksdb',
    family: 'rocksdb-10',
    create: directory => new AbstractLevelDatabase('@nxtedition/rocksdb', 'RocksLevel', directory)
  },
  {
    name: 'classic-level',
    packageName: 'classic-level',
    family: 'leveldb',
    create: directory => new AbstractLevelDatabase('classic-level', 'ClassicLevel', directory)
  }
]

/** Version of an installed binding; undefined when it is not installed. Reads its manifest, loads nothing native. */
export function installedVersion(binding: Binding): string | undefined {
  const require = createRequire(import.meta.url)
  try {
    return (require(`${binding.packageName}/package.json`) as { version: string }).version
  } catch {
    return undefined
  }
}
