import type { MetricsSource } from '../../src/kernel/index.js'
import type { Messaging } from '../../src/messaging/index.js'
import { counter, gauge } from './measurements.js'

/** Figures about connected applications. */
export function connectionMetrics({ clients, instructions, topology }: Messaging): MetricsSource {
  return {
    *measurements() {
      const { connects, disconnects, connectedMs, longestMs } = clients.stats
      yield counter('axon.applications.throughput.connect.count', 'Applications that connected', connects)
      yield counter('axon.applications.throughput.disconnect.count', 'Applications that left', disconnects)
      yield gauge('axon.applications.saturation.connected.count', 'Applications connected', clients.size)
      yield {
        name: 'axon.applications.duration.connection',
        kind: 'timer',
        unit: 'seconds',
        description: 'How long applications were connected',
        value: disconnects,
        totalSeconds: connectedMs / 1000,
        maxSeconds: longestMs / 1000
      }
      yield gauge('myelin.instructions.awaited', 'Answers of clients that are awaited', instructions.awaited)
      yield gauge('myelin.topology.subscribers', 'Clients that follow the topology', topology.subscribers)
    }
  }
}
