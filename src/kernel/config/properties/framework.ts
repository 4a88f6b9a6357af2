import { choice, duration, flag, group, list, text } from '../property.js'

export const frameworkProperties = group('HTTP server and framework', 'spring', [
  text('.application.name', 'Axon Server', 'Default of info.app.name.'),
  text('.datasource.url', null, 'Address of the control database.', {
    accepted: 'There is no relational control database.',
    sensitive: true
  }),
  text('.datasource.username', 'sa', 'User of the control database.', {
    accepted: 'There is no relational control database.'
  }),
  text('.datasource.password', '', 'Password of the control database.', {
    accepted: 'There is no relational control database.',
    sensitive: true
  }),
  flag('.h2.console.enabled', false, 'Console of the control database.', {
    accepted: 'There is no relational control database.'
  }),
  text('.h2.console.path', '/h2-console', 'Path of the console of the control database.', {
    accepted: 'There is no relational control database.'
  }),
  list('.profiles.active', null, 'Profiles: each adds axonserver-<profile>.properties and .yml.'),
  list(
    '.config.location',
    null,
    'Files and directories to read instead of the working directory and ./config.'
  ),
  list('.config.additional-location', null, 'Files and directories to read after the usual ones.'),
  text(
    '.config.name',
    'axonserver',
    'Base name of configuration files. Only the command line can change it.'
  ),
  choice('.main.banner-mode', ['console', 'log', 'off'], 'console', 'Where the start banner goes.'),
  text('springdoc.swagger-ui.operationsSorter', 'alpha', 'Order of operations in the API browser.', {
    accepted: 'The API browser sorts by name.'
  }),
  text('springdoc.swagger-ui.tagsSorter', 'alpha', 'Order of groups in the API browser.', {
    accepted: 'The API browser sorts by name.'
  }),
  text('server.servlet.context-path', '', 'Path in front of everything that the HTTP server offers.'),
  text('server.address', null, 'Address that the HTTP server binds to.', { defaultText: 'all addresses' }),
  duration('server.servlet.session.timeout', '30m', 'How long an unused dashboard login lives.', {
    unit: 's'
  }),
  choice(
    'server.forward-headers-strategy',
    ['native', 'framework', 'none'],
    'none',
    'Whether X-Forwarded headers of a proxy are believed (native and framework are the same).'
  )
])
