export { CrashingKeyValueStore } from './testing/crashing-key-value-store.js'
export {
  CrashedError,
  FaultyFileSystem,
  type FaultyFileSystemOptions,
  type Operation
} from './testing/faulty-file-system.js'
export { type StoreUnderTest, type SuiteTest, testKeyValueStore } from './testing/key-value-store-suite.js'
export { type LogUnderTest, testLogStorage } from './testing/log-storage-suite.js'
export { SeededRandom } from './testing/seeded-random.js'
