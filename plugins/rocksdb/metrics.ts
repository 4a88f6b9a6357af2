import type { Measurement, MetricsSource } from '../../src/kernel/index.js'
import type { EngineStore } from './engine-store.js'

const DESCRIPTIONS = {
  reads: 'Keys looked up in the state store',
  iterations: 'Iterations over the state store',
  batches: 'Batches written to the state store',
  syncedBatches: 'Batches that were synced to disk',
  changes: 'Changes in batches that were written',
  failedWrites: 'Batches that could not be written',
  reopenings: 'Times the state store was opened again after a full disk'
} as const

export function stateStoreMetrics(store: EngineStore): MetricsSource {
  return {
    *measurements(): Iterable<Measurement> {
      for (const [name, description] of Object.entries(DESCRIPTIONS)) {
        const value = store.stats[name as keyof typeof DESCRIPTIONS]
        yield { name: `myelin.state.${dotted(name)}`, kind: 'counter', description, value }
      }
      yield {
        name: 'myelin.state.iterations.open',
        kind: 'gauge',
        description: 'Iterations that are neither at their end nor left',
        value: store.openIterations
      }
    }
  }
}

/** `syncedBatches`: `synced.batches` */
function dotted(name: string): string {
  return name.replace(/[A-Z]/g, letter => `.${letter.toLowerCase()}`)
}
