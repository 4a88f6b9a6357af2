import t from 'tap'
import { UpdateType } from '../../../src/wire/generated/control.js'
import { FakeStream, messagingWith } from '../fixtures.js'
import { connect, type TestMessaging } from '../platform-fixtures.js'

t.test('topology', async t => {
  const changes = (out: FakeStream) =>
    out.instructions().map(({ request, instructionId }) => {
      t.equal(instructionId, '')
      if (request?.$case !== 'topologyChange') throw new Error('another instruction')
      const { updateType, clientId, subscription } = request.value
      return [UpdateType[updateType], clientId, subscription?.value]
    })
  const handler = (messaging: TestMessaging, clientId: string, names: string[], context = 'default') => {
    const stream = messaging.commands.openHandlerStream(context, new FakeStream())
    for (const command of names)
      stream.subscribe({ command, clientId, componentName: 'orders', loadFactor: 50 })
    return stream
  }

  t.test('first a reset and everything there is, then what changes, in order', async t => {
    const { messaging } = messagingWith()
    const one = handler(messaging, 'h1', ['a', 'b'])
    handler(messaging, 'elsewhere', ['a'], 'other')
    const { out, session } = connect(messaging)
    session.subscribeTopology()
    session.subscribeTopology()
    one.unsubscribe('a')
    handler(messaging, 'h2', ['c'])
    one.subscribe({ command: 'b', clientId: 'h1', componentName: 'orders', loadFactor: 7 })
    one.close('gone')
    t.same(changes(out), [
      ['RESET_ALL', '', undefined],
      ['ADD_COMMAND_HANDLER', 'h1', { name: 'a', loadFactor: 50 }],
      ['ADD_COMMAND_HANDLER', 'h1', { name: 'b', loadFactor: 50 }],
      ['REMOVE_COMMAND_HANDLER', 'h1', { name: 'a', loadFactor: 50 }],
      ['ADD_COMMAND_HANDLER', 'h2', { name: 'c', loadFactor: 50 }],
      ['ADD_COMMAND_HANDLER', 'h1', { name: 'b', loadFactor: 7 }],
      ['REMOVE_COMMAND_HANDLER', 'h1', { name: 'b', loadFactor: 7 }]
    ])
    const [, added] = out.instructions()
    t.match(added?.request?.value, { context: 'default', componentName: 'orders', clientStreamId: /^h1\./ })
  })

  t.test('queries are told as queries', async t => {
    const { messaging } = messagingWith()
    const { out, session } = connect(messaging)
    session.subscribeTopology()
    const registration = {
      kind: 'query' as const,
      context: 'default',
      name: 'find',
      clientId: 'h',
      clientStreamId: 'h.1',
      componentName: 'c',
      loadFactor: 0
    }
    messaging.topology.handlerAdded(registration)
    messaging.topology.handlerRemoved(registration)
    t.same(changes(out).slice(1), [
      ['ADD_QUERY_HANDLER', 'h', { name: 'find' }],
      ['REMOVE_QUERY_HANDLER', 'h', { name: 'find' }]
    ])
  })

  t.test('nothing after unsubscribe, or after the end of the stream', async t => {
    const { messaging } = messagingWith()
    const { out, session } = connect(messaging)
    const closing = connect(messaging)
    session.subscribeTopology()
    closing.session.subscribeTopology()
    session.unsubscribeTopology()
    closing.session.close('gone')
    handler(messaging, 'h', ['a'])
    t.equal(out.written.length, 1)
    t.equal(closing.out.written.length, 1)
    t.equal(messaging.topology.subscribers, 0)
  })

  t.test('a subscriber that is behind gets everything anew, instead of a growing buffer', async t => {
    const { messaging } = messagingWith()
    const { out, session } = connect(messaging)
    session.subscribeTopology()
    out.flowingMax = 2
    handler(messaging, 'h', ['a', 'b', 'c'])
    t.equal(out.written.length, 2)
    out.flowingMax = Number.POSITIVE_INFINITY
    session.resume()
    t.same(
      changes(out)
        .slice(2)
        .map(([type, , subscription]) => [type, subscription]),
      [
        ['RESET_ALL', undefined],
        ['ADD_COMMAND_HANDLER', { name: 'a', loadFactor: 50 }],
        ['ADD_COMMAND_HANDLER', { name: 'b', loadFactor: 50 }],
        ['ADD_COMMAND_HANDLER', { name: 'c', loadFactor: 50 }]
      ]
    )
    session.resume()
    t.equal(out.written.length, 6, 'and nothing twice')
  })
})
