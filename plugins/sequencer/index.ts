import { SingleNodeSequencer } from '../../src/consensus/index.js'
import { Sequencer } from '../../src/eventstore/index.js'
import { definePlugin, Logger } from '../../src/kernel/index.js'
import { LogStorage } from '../../src/storage/index.js'

const REPLAY_READ_BYTES = 4 * 1024 * 1024

/** Orders entries on a node without peers. */
export default definePlugin({
  name: 'sequencer',
  version: '1.0.0',
  kernel: '^0.1.0',
  provides: [Sequencer],
  requires: [LogStorage, Logger],
  register: ({ services, settings }) =>
    services.bind(
      Sequencer,
      bound =>
        new SingleNodeSequencer({
          log: bound.get(LogStorage),
          logger: bound.get(Logger).child({ logger: 'io.axoniq.axonserver.consensus' }),
          queueBytesMax: settings.number('myelin.journal.queue-bytes-max'),
          replayBytesMax: REPLAY_READ_BYTES
        })
    )
})
