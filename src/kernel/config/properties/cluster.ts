import { dataSize, duration, flag, group, int, list, text } from '../property.js'

const threads = { accepted: 'Messages between nodes are sent without threads of their own.' }

export const clusterProperties = group('Cluster', 'axoniq.axonserver', [
  text(
    '.autocluster.first',
    null,
    'Internal host[:port] of the node that forms the cluster; an empty node joins there.'
  ),
  list(
    '.autocluster.contexts',
    null,
    'Contexts that the first node makes and the others join. List _admin to share it.'
  ),
  flag('.cluster.enabled', false, 'Old switch for clustering.', {
    accepted: 'Every node can be part of a cluster.'
  }),
  duration('.cluster.connection-check-delay', 1000, 'Pause before connections to nodes are first checked.'),
  duration('.cluster.connection-check-interval', 1000, 'How often connections to nodes are checked.'),
  duration('.cluster.connection-wait-time', 3000, 'How long connecting to a node may take.'),
  duration('.cluster.metrics-distribute-delay', 1000, 'Pause before nodes first tell each other their load.'),
  duration('.cluster.metrics-distribute-interval', 1000, 'How often nodes tell each other their load.'),
  duration('.cluster.rebalance-delay', 7, 'Pause before clients are first spread again.', { unit: 's' }),
  duration('.cluster.rebalance-interval', 15, 'How often clients are spread again.', { unit: 's' }),
  flag('.cluster.auto-balancing', true, 'Spread clients over the nodes again when it pays.'),
  duration('.cluster.balancing-rate', 15_000, 'Shortest time between two moves of clients.'),
  int('.cluster.query-threads', 1, 'Threads that forward queries to one node.', threads),
  int('.cluster.command-threads', 1, 'Threads that forward commands to one node.', threads),
  duration(
    '.enterprise.context-configuration-sync-rate',
    3_600_000,
    'How often unfinished changes of replication groups are looked at again.'
  ),
  duration('.context-validation.rate', 5000, 'How often contexts are checked to be ready for clients.'),
  duration('.context-validation.initial-delay', 5000, 'Pause before that check runs first.'),
  ...flowControl('command'),
  ...flowControl('query')
])

function flowControl(kind: 'command' | 'query') {
  const prefix = `.${kind}-flow-control`
  return [
    int(`${prefix}.initial-nr-of-permits`, 10_000, `Permits for ${kind} messages that a node starts with.`, {
      min: 1,
      aliases: [`${prefix}.initial-permits`]
    }),
    int(`${prefix}.nr-of-new-permits`, 5000, `Permits for ${kind} messages that one renewal gives a node.`, {
      min: 1,
      aliases: [`${prefix}.new-permits`]
    }),
    int(
      `${prefix}.new-permits-threshold`,
      5000,
      `Permits left at which ${kind} permits of a node are renewed.`,
      {
        min: 0,
        aliases: [`${prefix}.threshold`]
      }
    )
  ]
}

const mapped = { accepted: 'Files are not mapped into memory.' }
const trimmed = { accepted: 'The journal drops what every checkpoint and every follower has passed.' }
const synced = { accepted: 'What is confirmed is already on disk.' }

export const replicationProperties = group('Replication', 'axoniq.axonserver.replication', [
  dataSize('.segment-size', '16MB', 'Size of a replication log file.', {
    accepted: 'All groups share one journal, see myelin.journal.segment-size.'
  }),
  int('.max-indexes-in-memory', 10, 'Indexes of the replication log that stay open.', {
    accepted: 'The journal keeps its index in memory.'
  }),
  int('.flow-buffer', 1000, 'Unconfirmed append messages that may be on their way to a node.', { min: 1 }),
  int('.snapshot-flow-buffer', 50, 'Unconfirmed snapshot messages that may be on their way to a node.', {
    min: 1
  }),
  duration('.force-interval', 1000, 'How often the replication log is forced to disk.', synced),
  duration('.sync-interval', 1000, 'How often full replication log files are closed.', synced),
  flag(
    '.force-snapshot-on-join',
    true,
    'Send a new member the whole state first, even where the log would do.'
  ),
  duration('.heartbeat-timeout', 300, 'A follower that was sent nothing for this long gets a heartbeat.', {
    min: 1
  }),
  duration(
    '.min-election-timeout',
    1000,
    'Shortest silence of the leader after which a follower asks for votes.',
    {
      min: 1
    }
  ),
  duration(
    '.max-election-timeout',
    2500,
    'Longest such silence; also how long a leader lasts without a majority.',
    { min: 1 }
  ),
  duration('.initial-election-timeout', 0, 'Added to the first election time-out after a start.'),
  duration(
    '.wait-for-leader-timeout',
    -1,
    'How long a request waits for a leader; -1: max-election-timeout.',
    {
      min: -1
    }
  ),
  flag('.log-compaction-enabled', true, 'Delete old replication log files.', trimmed),
  int('.log-retention-hours', 1, 'How long replication log files are kept once applied.', trimmed),
  int('.max-entries-per-batch', 10, 'Messages to one node before the next has its turn.', {
    accepted: 'Batches are bounded in bytes.'
  }),
  int('.max-replication-round', 10, 'Rounds in which a new member may catch up before joining fails.', {
    min: 1
  }),
  int('.max-snapshot-chunks-per-batch', 1000, 'Objects in one snapshot message.', {
    accepted: 'Snapshot messages are bounded in bytes.'
  }),
  int('.min-active-backups', 1, 'ACTIVE_BACKUP nodes that must hold an entry before it is committed.', {
    min: 0
  }),
  duration('.primary-cleanup-delay', 5, 'Pause before buffers of the current log file are freed.', {
    unit: 's',
    ...mapped
  }),
  duration('.secondary-cleanup-delay', 30, 'Pause before buffers of older log files are freed.', {
    unit: 's',
    ...mapped
  }),
  flag('.use-mmap-index', null, 'Map indexes of the replication log into memory.', mapped),
  flag('.force-clean-mmap-index', null, 'Unmap indexes of the replication log when they are closed.', mapped)
])
