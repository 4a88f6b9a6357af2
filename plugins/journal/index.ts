import {
  Clock,
  definePlugin,
  Logger,
  type Measurement,
  MetricsSource,
  type Services
} from '../../src/kernel/index.js'
import {
  FileSystem,
  Journal,
  type JournalOptions,
  LogStorage,
  NodeFileSystem
} from '../../src/storage/index.js'
import { DirectoryLock } from './directory-lock.js'

const FATAL_STORAGE_EXIT_CODE = 99
const locks = new WeakMap<Services, DirectoryLock>()

/** The journal on this node's disk, and the file system that all storage goes through. */
export default definePlugin({
  name: 'journal',
  version: '1.0.0',
  kernel: '^0.1.0',
  provides: [LogStorage, FileSystem],
  requires: [Logger, Clock],
  extends: [MetricsSource],
  register: ({ services, settings }) => {
    services.bind(FileSystem, () => new NodeFileSystem())
    services.bind(LogStorage, bound => {
      const log = bound.get(Logger).child({ logger: 'io.axoniq.axonserver.localstorage.journal' })
      return new Journal({
        fs: bound.get(FileSystem),
        directory: settings.string('myelin.journal.directory')!,
        log,
        fileBytes: settings.number('myelin.journal.segment-size'),
        batchBytesMax: settings.number('myelin.journal.batch-bytes-max'),
        queueBytesMax: settings.number('myelin.journal.queue-bytes-max'),
        reserveBytes: settings.number('myelin.journal.reserve-size'),
        ...quickSync(settings.number('myelin.journal.quick-sync-limit'), bound.get(Clock)),
        onFatal: error => {
          log.error(
            { error },
            'the journal can not be written: the process ends, so that nothing is confirmed that is not on disk'
          )
          process.exit(FATAL_STORAGE_EXIT_CODE)
        }
      })
    })
    services.add(MetricsSource, bound => journalMetrics(bound))
  },
  start: async ({ services, settings, log }) => {
    const lock = new DirectoryLock(settings.string('myelin.journal.directory')!, {
      clock: services.get(Clock),
      onLost: error => {
        log.error({ error }, 'another process has taken the directory of the journal over: this one ends')
        process.exit(FATAL_STORAGE_EXIT_CODE)
      }
    })
    await lock.take()
    locks.set(services, lock)
  },
  stop: async ({ services }) => locks.get(services)?.release()
})

function quickSync(limitMs: number, clock: Clock): Pick<JournalOptions, 'quickSync'> {
  if (limitMs === 0) return {}
  const afterSends = () => new Promise<void>(resolve => setImmediate(resolve))
  return { quickSync: { limitMs, now: () => clock.monotonicMs(), afterSends } }
}

function journalMetrics(services: Services): MetricsSource {
  return {
    *measurements(): Iterable<Measurement> {
      const {
        batches,
        syncs,
        syncsInLoop = 0,
        writtenBytes,
        queuedBytes,
        liveBytes
      } = services.get(LogStorage).stats
      yield {
        name: 'myelin.journal.batches',
        kind: 'counter',
        description: 'Writes to the journal',
        value: batches
      }
      yield {
        name: 'myelin.journal.syncs',
        kind: 'counter',
        description: 'Syncs of the journal',
        value: syncs
      }
      yield {
        name: 'myelin.journal.syncs.in-loop',
        kind: 'counter',
        description: 'Of these, the ones without a helper thread',
        value: syncsInLoop
      }
      yield {
        name: 'myelin.journal.written',
        kind: 'counter',
        unit: 'bytes',
        description: 'Bytes written',
        value: writtenBytes
      }
      yield {
        name: 'myelin.journal.queued',
        kind: 'gauge',
        unit: 'bytes',
        description: 'Bytes that wait',
        value: queuedBytes
      }
      yield {
        name: 'myelin.journal.live',
        kind: 'gauge',
        unit: 'bytes',
        description: 'Bytes a start reads again',
        value: liveBytes
      }
    }
  }
}
