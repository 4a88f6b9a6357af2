import { definePlugin, KeyValueStore } from 'myelin/plugin'
import { FileStore } from './file-store.js'

/** Takes the place of the built-in storage engine: it provides the same service. The event store opens and closes it. */
export default definePlugin({
  name: '@example/file-store',
  version: '1.0.0',
  kernel: '^0.1.0',
  config: [
    {
      name: 'file-store.directory',
      type: 'path',
      default: './data/file-store',
      doc: 'Directory of the file that holds the state.'
    }
  ],
  provides: [KeyValueStore],
  register: ({ services, settings }) =>
    services.bind(KeyValueStore, () => new FileStore(settings.string('file-store.directory')))
})
