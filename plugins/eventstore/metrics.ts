import type { EventStore } from '../../src/eventstore/index.js'
import type { Measurement, MetricsSource } from '../../src/kernel/index.js'
import type { ReceiveBudget } from './append-event.js'

/** Figures per context, and those of what all contexts share. */
export function eventStoreMetrics(eventStore: EventStore, budget: ReceiveBudget): MetricsSource {
  return {
    *measurements() {
      for (const store of eventStore.stores()) {
        const tags = { context: store.name }
        yield counter('axon.event.count', 'Events appended since start', store.stats.appendedEvents, tags)
        yield counter(
          'axon.snapshot.count',
          'Snapshots appended since start',
          store.stats.appendedSnapshots,
          tags
        )
        yield gauge('axon.event.lastToken', 'Token of the last event', store.lastToken(), tags)
        yield gauge(
          'axon.snapshot.lastToken',
          'Token of the last snapshot',
          store.state.snapshots.count - 1,
          tags
        )
        yield gauge('myelin.event.trackers', 'Open event streams', store.trackers.size, tags)
        yield gauge(
          'myelin.event.appends.pending',
          'Transactions under way',
          store.stats.pendingAppends,
          tags
        )
        yield gauge('myelin.event.schedule.waiting', 'Scheduled events', store.state.schedules.count, tags)
        yield gauge('myelin.event.segments', 'Segment files', store.state.segments.stats.segments, tags)
        yield bytes('myelin.event.bytes', 'Bytes in segment files', store.state.segments.stats.bytes, tags)
        yield bytes(
          'myelin.event.unwritten',
          'Applied bytes not yet in the segment file',
          store.state.segments.stats.unwrittenBytes,
          tags
        )
        yield bytes(
          'myelin.event.tail',
          'Newest events in memory',
          store.state.segments.stats.tailBytes,
          tags
        )
        yield bytes(
          'myelin.state.overlay',
          'State changed since the last checkpoint',
          store.state.overlay.bytes,
          tags
        )
      }
      yield bytes('myelin.event.receiving', 'Transactions being received', budget.usedBytes, {})
      const { stats } = eventStore.checkpointer
      yield counter('myelin.checkpoint.count', 'Checkpoints written', stats.checkpoints, {})
      yield counter('myelin.checkpoint.failures', 'Checkpoints postponed', stats.failures, {})
      yield gauge(
        'myelin.checkpoint.duration',
        'Milliseconds of the last checkpoint',
        stats.lastDurationMs,
        {}
      )
    }
  }
}

type Tags = Readonly<Record<string, string>>

function counter(name: string, description: string, value: number, tags: Tags): Measurement {
  return { name, kind: 'counter', description, value, tags }
}

function gauge(name: string, description: string, value: number, tags: Tags): Measurement {
  return { name, kind: 'gauge', description, value, tags }
}

function bytes(name: string, description: string, value: number, tags: Tags): Measurement {
  return { name, kind: 'gauge', unit: 'bytes', description, value, tags }
}
