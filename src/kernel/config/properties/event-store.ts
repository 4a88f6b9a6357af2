import {
  choice,
  dataSize,
  duration,
  durationList,
  flag,
  float,
  group,
  int,
  type Property
} from '../property.js'

const indexFormats = ['JUMP_SKIP_INDEX', 'BLOOM_FILTER_INDEX']
const retried = { accepted: 'Aggregates are read from the local disk, where a second try changes nothing.' }

export const eventStoreProperties = group('Event store', 'axoniq.axonserver', [
  dataSize('.event.segment-size', '256MB', 'Size of a new event segment.', { min: 1, max: 2_147_483_647 }),
  int('.query.limit', 200, 'Rows that a search gives when it names no limit itself.', { min: 0 }),
  duration('.query.timeout', 300_000, 'How long a search may run.'),
  duration('.new-permits-timeout', 120_000, 'An event stream that has no permits for this long is closed.'),
  duration('.event-processor-permits-check', 2000, 'How often streams without permits are looked for.'),
  int(
    '.blacklisted-send-after',
    1000,
    'After so many left out events one is sent, to move the token of the client.',
    {
      min: 1
    }
  ),
  int('.max-events-per-transaction', 32_767, 'Events in one append.', {
    accepted: 'The size of an append is bounded by myelin.event.max-transaction-size.'
  }),
  choice('.enterprise.default-index-type', indexFormats, 'JUMP_SKIP_INDEX', 'Index type of new contexts.', {
    accepted: 'There is one kind of index.'
  }),
  choice(
    '.read-sequence-validation-strategy',
    ['LOG', 'FAIL'],
    'LOG',
    'What follows when the events of an aggregate that are read have a gap: a record in the log, or an error.'
  ),
  flag(
    '.check-sequence-nr-for-snapshots',
    true,
    'Refuse a snapshot whose sequence number its aggregate has not reached.'
  ),
  int('.event.aggregate.prefetch', 5, 'Events of an aggregate that are read ahead.', {
    accepted: 'HTTP/2 flow control decides how far a read is ahead.'
  }),
  int('.event.aggregate.retry.attempts', 3, 'Tries of a failing aggregate read.', retried),
  duration('.event.aggregate.retry.delay', 100, 'Pause between tries of an aggregate read.', retried),
  duration('.event.aggregate.timeout', 30_000, 'Longest pause between two events of an aggregate read.', {
    accepted: 'Aggregates are read from the local disk, which does not pause.'
  }),
  int('.event.leader.retry.attempts', 3, 'How often the leader of a context is looked for.', { min: 0 }),
  duration('.event.leader.retry.delay', 100, 'Pause between two looks for the leader.'),
  flag('.event-transformation.enabled', true, 'Offer event transformations.', {
    accepted: 'Event transformations are not available.'
  })
])

export const eventFileProperties = storeProperties(
  'event',
  [],
  ['axoniq.axonserver.storage.event.max-indexes-in-memory']
)

export const snapshotFileProperties = storeProperties('snapshot', [
  dataSize('.segment-size', '256MB', 'Size of a new snapshot segment.', {
    accepted: 'Snapshots are kept in the state store.',
    min: 1,
    max: 2_147_483_647
  })
])

function storeProperties(
  kind: 'event' | 'snapshot',
  more: Parameters<typeof group>[2],
  indexAliases: readonly string[] = []
): readonly Property[] {
  const index = { accepted: 'Indexes are kept in the state store.' }
  const mapped = { accepted: 'Files are not mapped into memory.' }
  const synced = { accepted: 'What is confirmed is already on disk.' }
  const tiers = { accepted: 'There is one storage tier.' }
  const searched = { accepted: 'The whole index is searched, always.' }
  return group(`Files of the ${kind} store`, `axoniq.axonserver.${kind}`, [
    ...more,
    float('.bloom-index-fpp', 0.03, `Share of wrong hits of a bloom filter for ${kind}s.`, index),
    duration('.force-interval', 1000, `How often written ${kind}s are forced to disk.`, synced),
    duration('.sync-interval', 1000, `How often full ${kind} segments are closed.`, synced),
    int('.validation-segments', 10, `${kind} segments that are checked after an unclean stop.`, {
      accepted: 'Whatever was written after the last checkpoint is checked.'
    }),
    int('.memory-mapped-segments', 5, `${kind} segments that are mapped into memory.`, mapped),
    duration('.primary-cleanup-delay', 15, `Pause before buffers of open ${kind} segments are freed.`, {
      unit: 's',
      ...mapped
    }),
    duration('.secondary-cleanup-delay', 15, `Pause before buffers of closed ${kind} segments are freed.`, {
      unit: 's',
      ...mapped
    }),
    int('.events-per-segment-prefetch', 10, `${kind}s that a stream reads ahead from a segment.`, {
      accepted: 'Streams read ahead in bytes, see myelin.event.read-cache-size.'
    }),
    flag('.use-mmap-index', null, `Map ${kind} indexes into memory.`, mapped),
    flag('.force-clean-mmap-index', null, `Unmap ${kind} indexes when they are closed.`, mapped),
    int('.max-indexes-in-memory', 50, `${kind} indexes that stay open.`, { aliases: indexAliases, ...index }),
    int('.max-bloom-filters-in-memory', 100, `Bloom filters for ${kind}s that stay in memory.`, index),
    dataSize('.read-buffer-size', 32_768, `Buffer of one reader of ${kind} segments.`, {
      accepted: 'Readers share myelin.event.read-cache-size.'
    }),
    int(
      '.segments-for-sequence-number-check',
      10,
      `${kind} segments searched for an aggregate that seems new.`,
      searched
    ),
    durationList('.retention-time', '7d', `How long ${kind}s stay in each storage tier.`, tiers),
    choice('.index-format', indexFormats, null, `Index type for ${kind}s.`, {
      accepted: 'There is one kind of index.'
    }),
    int('.flags', 0, `Flags for the transformer of stored ${kind}s.`, {
      accepted: 'There is no such transformer.'
    }),
    int('.global-index-segments-check', null, `Global index segments searched for a new aggregate.`, {
      min: 2,
      ...searched
    })
  ])
}
