import { choice, dataSize, duration, flag, group, int, list, path, text } from '../property.js'

export const pluginProperties = group('Plugins and uploads', 'axoniq.axonserver', [
  flag('.plugins-enabled', true, 'Let plugins be installed at run time.'),
  path('.plugin-package-directory', 'plugins/bundles', 'Directory of uploaded plugins.'),
  path('.plugin-cache-directory', 'plugins/cache', 'Work directory of plugins.', {
    accepted: 'Plugins need no cache.'
  }),
  choice(
    '.plugin-clean-policy',
    ['none', 'onFirstInit'],
    'onFirstInit',
    'When the plugin cache is emptied.',
    {
      accepted: 'Plugins need no cache.'
    }
  ),
  dataSize('spring.servlet.multipart.max-file-size', '25MB', 'Largest file that can be uploaded.', {
    min: 0
  }),
  dataSize('spring.servlet.multipart.max-request-size', '25MB', 'Largest upload request.', { min: 0 })
])

const pattern = { accepted: 'The layout of a line is fixed; logging.format=json gives objects.' }

export const loggingProperties = group('Logging', 'logging', [
  choice(
    '.level.<logger>',
    ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'OFF'],
    null,
    'Least level that is logged, for a logger and all below it. `root` is every logger.',
    { defaultText: 'WARN for root, INFO for io.axoniq.axonserver and AUDIT' }
  ),
  path('.file.name', null, 'Log into this file too, and start a new one when it is full.', {
    aliases: ['.file']
  }),
  path('.file.path', null, 'Directory for a log file spring.log, where logging.file.name is not set.', {
    aliases: ['.path']
  }),
  dataSize('.file.max-size', '10MB', 'Size at which a log file is full.', {
    min: 1,
    aliases: ['.logback.rollingpolicy.max-file-size']
  }),
  int('.file.max-history', 7, 'How many full log files are kept.', {
    min: 0,
    max: 1000,
    aliases: ['.logback.rollingpolicy.max-history']
  }),
  path(
    '.config',
    null,
    'Logback file. It is not interpreted, only the names of its log files are looked for.'
  ),
  text('.pattern.console', null, 'Layout of a line on standard output.', pattern),
  text('.pattern.file', null, 'Layout of a line in the log file.', pattern),
  choice('.format', ['text', 'json'], 'text', 'Log lines to read, or one JSON object a line.')
])

export const ownProperties = group('Myelin', 'myelin', [
  list('.plugins', 'grpc, journal, raft, rocksdb, eventstore, messaging, cluster, rest', 'Plugins to load.'),
  list('.plugin-path', null, 'Directories in which plugins that are packages are looked for.'),
  text('.services.<service>', null, 'Plugin that provides a service, where several could.'),
  flag('.config.strict', false, 'Refuse to start where the configuration gives a warning.'),
  dataSize('.event.max-transaction-size', '16MB', 'Largest append, all its events together.', { min: 1 }),
  dataSize('.event.read-cache-size', '32MB', 'Memory for parts of event segments that were read.', {
    min: 0
  }),
  dataSize('.event.tail-cache-size', '8MB', 'Memory for the newest events of a context.', { min: 0 }),
  dataSize(
    '.event.unwritten-bytes-max',
    '64MB',
    'Applied events that may wait for a slow disk before appends wait too.',
    {
      min: 1
    }
  ),
  path('.journal.directory', null, 'Directory of the journal.', {
    inherits: 'axoniq.axonserver.replication.log-storage-folder'
  }),
  dataSize('.journal.segment-size', '64MB', 'Size of a journal file.', { min: 1 }),
  dataSize('.journal.batch-bytes-max', '4MB', 'Most that one write of the journal gathers.', { min: 1 }),
  dataSize('.journal.queue-bytes-max', '256MB', 'Most that may wait for the journal.', { min: 1 }),
  duration(
    '.journal.quick-sync-limit',
    '1ms',
    'Small writes are synced without a helper thread as long as the disk takes no longer; 0 always takes the helper thread.',
    { min: 0 }
  ),
  dataSize('.journal.reserve-size', '16MB', 'Free disk space below which writes are refused.', { min: 0 }),
  duration(
    '.raft.commit-notice-delay',
    '2ms',
    'How long a leader waits for an append that tells the others what is committed, before it tells them by a message of its own.',
    { min: 0 }
  ),
  list(
    '.raft.development-peers',
    null,
    'Development only: `name=host:port` of all nodes that form every replication group together, the same list on each.'
  ),
  dataSize(
    '.raft.peer-queue-bytes-max',
    '8MB',
    'Most that may wait for one other node; more is sent again later.',
    {
      min: 1
    }
  ),
  dataSize('.raft.message-bytes-max', '256MB', 'Largest message of another node that is taken.', { min: 1 }),
  duration('.checkpoint.interval', '5s', 'How often memory is written to the state store.', { min: 1 }),
  dataSize(
    '.checkpoint.replay-bytes-max',
    '64MB',
    'Journal that a start may have to read again; more forces a checkpoint.',
    {
      min: 1
    }
  ),
  dataSize('.storage.free-bytes-min', '64MB', 'Free space of the disks below which events are refused.', {
    min: 0
  }),
  choice(
    '.storage.engine',
    ['auto', 'rocksdb', 'nxtedition', 'classic-level'],
    'auto',
    'Binding of the state store; auto: the first that works here.'
  ),
  dataSize('.grpc.stream-buffer-bytes', '256KB', 'What one stream may have in flight before it waits.', {
    min: 1
  }),
  int('.grpc.max-connections', 20_000, 'Connections of clients that are taken.', { min: 1 }),
  duration('.grpc.drain-timeout', '1s', 'How long calls may go on after a stop was asked for.')
])
