import type { StateMachine } from '../../../src/consensus/ports.js'
import type { FileSystem, KeyValueStore, LogStorage } from '../../../src/storage/index.js'
import type { StateStore } from './state-device.js'

/** Where a planted fault gets between the product and what it stands on; the product itself knows none of them. */
export interface NodeHooks {
  log?(log: LogStorage): LogStorage
  machine?(machine: StateMachine): StateMachine
  states?(states: StateStore): StateStore
  fileSystem?(fs: FileSystem): FileSystem
  keyValueStore?(store: KeyValueStore): KeyValueStore
}
