import { flag, group, int, onUnlessFalse, path, text } from '../property.js'

const port = { min: 0, max: 65535 }

export const nodeProperties = group('Node', 'axoniq.axonserver', [
  text('.name', null, 'Name of this node, unique in its cluster.', {
    defaultText: 'internal-hostname where it is set, else the first label of the operating system host name'
  }),
  text(
    '.hostname',
    null,
    'Host that clients are told to connect to. A value with dots is split into host and domain.',
    {
      defaultText: 'host name of the operating system'
    }
  ),
  text('.domain', null, 'Domain that clients see behind the host name.', {
    defaultText: 'domain of the operating system host name, else none'
  }),
  text('.internal-hostname', null, 'Host by which the other nodes reach this one.', {
    defaultText: 'value of axoniq.axonserver.hostname'
  }),
  text('.internal-domain', null, 'Domain of the internal host. Empty counts as unset.', {
    defaultText: 'value of axoniq.axonserver.domain'
  }),
  int('.port', 8124, 'Port of the gRPC server for clients.', port),
  int('.internal-port', 8224, 'Port of the gRPC server for the other nodes.', port),
  int('server.port', 8024, 'Port of the HTTP server: dashboard, REST, health.', port),
  text(
    '.tags.<key>',
    null,
    'Labels of this node. A client is placed on the node that shares most labels with it.'
  ),
  onUnlessFalse(
    '.devmode.enabled',
    false,
    'Development mode: events can be deleted through REST and the dashboard.'
  ),
  flag('.standalone', false, 'Initialise an empty node by itself, with a context named default.'),
  flag('.standalone-dcb', false, 'As standalone, with a context that has dynamic consistency boundaries.'),
  flag(
    '.force-connection-to-primary-or-messaging-node',
    true,
    'Send clients only to nodes that are PRIMARY or MESSAGING_ONLY in their context.'
  ),
  flag('.set-web-socket-allowed-origins', false, 'Restrict the origins of dashboard websockets.', {
    accepted: 'The dashboard uses no websocket.'
  }),
  text('.web-socket-allowed-origins', '*', 'Origins that may open dashboard websockets.', {
    accepted: 'The dashboard uses no websocket.'
  }),
  flag('.experimental.<feature>', null, 'Switches of experimental features.', {
    accepted: 'No experimental feature of that name exists.'
  }),
  flag('.experimental.allow-empty-domain', false, 'Let an empty internal-domain mean that there is none.'),
  flag('.preview.persistent-streams', false, 'Preview switch of persistent streams.', {
    accepted: 'No feature waits behind a preview switch.'
  }),
  flag('.preview.event-transformation', false, 'Preview switch of event transformations.', {
    accepted: 'No feature waits behind a preview switch.'
  }),
  path(
    '.recoveryfile',
    'recovery.json',
    'When this file exists at start, node names and addresses are rewritten from it.'
  ),
  int('internal.server.port', 8080, 'HTTP port to report when server.port is unknown.', {
    accepted: 'server.port is always known.',
    ...port
  })
])
