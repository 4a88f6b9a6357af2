import type { Measurement, MetricsSource } from '../../src/kernel/index.js'
import type { GrpcServer } from './grpc-server.js'
import type { MethodCounters } from './method-counters.js'

type Figure = Pick<Measurement, 'name' | 'kind' | 'description' | 'unit'> & {
  readonly read: (counters: MethodCounters) => number
}

const figures: readonly Figure[] = [
  { name: 'grpc.server.calls', kind: 'counter', description: 'Calls begun', read: of => of.calls },
  { name: 'grpc.server.calls.active', kind: 'gauge', description: 'Calls under way', read: of => of.active },
  {
    name: 'grpc.server.errors',
    kind: 'counter',
    description: 'Calls ended with an error',
    read: of => of.errors
  },
  {
    name: 'grpc.server.cancelled',
    kind: 'counter',
    description: 'Calls left by the caller',
    read: of => of.cancelled
  },
  {
    name: 'grpc.server.messages.received',
    kind: 'counter',
    description: 'Messages received',
    read: of => of.messagesReceived
  },
  {
    name: 'grpc.server.messages.sent',
    kind: 'counter',
    description: 'Messages sent',
    read: of => of.messagesSent
  },
  {
    name: 'grpc.server.received',
    kind: 'counter',
    unit: 'bytes',
    description: 'Bytes received',
    read: of => of.bytesReceived
  },
  {
    name: 'grpc.server.sent',
    kind: 'counter',
    unit: 'bytes',
    description: 'Bytes sent',
    read: of => of.bytesSent
  }
]

/** Per method that has been called, and the connections. */
export function grpcMetrics(server: GrpcServer): MetricsSource {
  return {
    *measurements() {
      for (const { method, counters } of server.methods.methods) {
        if (counters.calls === 0) continue
        const tags = { method: method.path.slice(1) }
        for (const { read, ...figure } of figures) yield { ...figure, tags, value: read(counters) }
      }
      const { open, dropped } = server.connections
      yield {
        name: 'grpc.server.awaited',
        kind: 'gauge',
        unit: 'bytes',
        description: 'Bytes of unfinished messages',
        value: server.awaited.bytes
      }
      yield { name: 'grpc.server.connections', kind: 'gauge', description: 'Open connections', value: open }
      yield {
        name: 'grpc.server.connections.refused',
        kind: 'counter',
        description: 'Connections refused because there were as many as allowed',
        value: dropped
      }
    }
  }
}
