import { group, path, text } from '../property.js'

export const locationProperties = group('File locations', 'axoniq.axonserver', [
  path('.event.storage', './data', 'Directory of the event segments, one directory per context in it.'),
  path('.snapshot.storage', './data', 'Directory of snapshot files.', {
    accepted: 'Snapshots are kept in the state store below axoniq.axonserver.controldb-path.'
  }),
  path('.event.storages.<name>', null, 'Further directories for events, by name.', {
    accepted: 'Events have one storage tier.'
  }),
  path('.snapshot.storages.<name>', null, 'Further directories for snapshots, by name.', {
    accepted: 'Snapshots have one storage tier.'
  }),
  path(
    '.controldb-path',
    './data',
    'Directory of the state store: indexes, snapshots, configuration of the cluster.'
  ),
  path('.controldb-backup-location', '.', 'Directory for backups of the configuration.'),
  path('.pid-file-location', '.', 'Directory of the process id file AxonIQ.pid.'),
  path('.replication.log-storage-folder', './log', 'Directory of the replication log.'),
  path(
    '.accesscontrol.token-dir',
    './security',
    'Directory for the system token that is made at the first start.'
  ),
  path('.enterprise.license-directory', '.', 'Directory of the license file.', {
    accepted: 'No license is needed.'
  }),
  path('.transformation.storage', 'transformation', 'Directory of event transformations in progress.', {
    accepted: 'Event transformations are not available.'
  }),
  path('.clustertemplate.path', './cluster-template.yml', 'Cluster template, applied once by an empty node.')
])

const suffix = { accepted: 'File names are fixed.' }

export const fileNameProperties = group('File names', 'axoniq.axonserver', [
  text('.event.events-suffix', '.events', 'Ending of event segments.', suffix),
  text('.event.index-suffix', '.index', 'Ending of event indexes.', suffix),
  text('.event.bloom-index-suffix', '.bloom', 'Ending of bloom filters for events.', suffix),
  text('.event.new-index-suffix', '.nindex', 'Ending of jump-skip indexes for events.', suffix),
  text('.event.global-index-suffix', '.xref', 'Ending of global indexes for events.', suffix),
  text('.snapshot.events-suffix', '.snapshots', 'Ending of snapshot segments.', suffix),
  text('.snapshot.index-suffix', '.sindex', 'Ending of snapshot indexes.', suffix),
  text('.snapshot.bloom-index-suffix', '.sbloom', 'Ending of bloom filters for snapshots.', suffix),
  text('.snapshot.new-index-suffix', '.snindex', 'Ending of jump-skip indexes for snapshots.', suffix),
  text('.snapshot.global-index-suffix', '.sxref', 'Ending of global indexes for snapshots.', suffix),
  text('.replication.index-suffix', '.index', 'Ending of indexes of the replication log.', suffix),
  text('.replication.log-suffix', '.log', 'Ending of replication log files.', suffix)
])
