import type { Engine } from './engine.js'
import { type AbstractLevelClass, BUFFER_ENCODINGS } from './engines/abstract-level-engine.js'
import { type ClassicLevel, ClassicLevelEngine } from './engines/classic-level-engine.js'
import { type Leveldown, LeveldownEngine } from './engines/leveldown-engine.js'
import { NxteditionEngine, type RocksLevel } from './engines/nxtedition-engine.js'

export type BindingName = 'rocksdb' | 'nxtedition' | 'classic-level'

/** Whose files: RocksDB and LevelDB look alike and destroy each other. */
export type EngineFamily = 'rocksdb' | 'leveldb'

export interface Binding {
  /** As in myelin.storage.engine. */
  readonly name: BindingName
  readonly packageName: string
  readonly family: EngineFamily
  readonly engineName: string
  /** The header in its package that tells the engine's version, and how it is written there. */
  readonly versionHeader: string
  readonly versionNumbers: RegExp
  /** `library` is what the package exports. */
  create(library: unknown, location: string): Engine
}

const ROCKSDB_HEADER = 'deps/rocksdb/rocksdb/include/rocksdb/version.h'
const ROCKSDB_NUMBERS = /#define ROCKSDB_(?:MAJOR|MINOR|PATCH) (\d+)/g

/** In the order in which they are tried. */
export const bindings: readonly Binding[] = [
  {
    name: 'rocksdb',
    packageName: 'rocksdb',
    family: 'rocksdb',
    engineName: 'RocksDB',
    versionHeader: ROCKSDB_HEADER,
    versionNumbers: ROCKSDB_NUMBERS,
    create: (library, location) => new LeveldownEngine((library as (location: string) => Leveldown)(location))
  },
  {
    name: 'nxtedition',
    packageName: '@nxtedition/rocksdb',
    family: 'rocksdb',
    engineName: 'RocksDB',
    versionHeader: ROCKSDB_HEADER,
    versionNumbers: ROCKSDB_NUMBERS,
    create: (library, location) => {
      const { RocksLevel } = library as { readonly RocksLevel: AbstractLevelClass<RocksLevel> }
      return new NxteditionEngine(new RocksLevel(location, BUFFER_ENCODINGS))
    }
  },
  {
    name: 'classic-level',
    packageName: 'classic-level',
    family: 'leveldb',
    engineName: 'LevelDB',
    versionHeader: 'deps/leveldb/leveldb-1.20/include/leveldb/db.h',
    versionNumbers: /k(?:Major|Minor)Version = (\d+)/g,
    create: (library, location) => {
      const { ClassicLevel } = library as { readonly ClassicLevel: AbstractLevelClass<ClassicLevel> }
      return new ClassicLevelEngine(new ClassicLevel(location, BUFFER_ENCODINGS))
    }
  }
]

export function bindingNamed(name: string): Binding | undefined {
  return bindings.find(binding => binding.name === name)
}
