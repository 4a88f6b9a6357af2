import { testBatches } from './key-value-store/batches.js'
import type { StoreUnderTest, SuiteTest } from './key-value-store/fixture.js'
import { testIterations } from './key-value-store/iterations.js'
import { testLifeCycle } from './key-value-store/life-cycle.js'
import { testValues } from './key-value-store/values.js'

export type { StoreUnderTest, SuiteTest } from './key-value-store/fixture.js'

/** What every KeyValueStore promises. A new engine runs it before anything is kept in it. */
export function testKeyValueStore(t: SuiteTest, create: () => Promise<StoreUnderTest>): void {
  testValues(t, create)
  testBatches(t, create)
  testIterations(t, create)
  testLifeCycle(t, create)
}
