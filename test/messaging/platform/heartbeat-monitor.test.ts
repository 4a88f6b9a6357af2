import t from 'tap'
import { ServerError } from '../../../src/wire/index.js'
import { defaultOptions, FakeStream, messagingWith } from '../fixtures.js'
import { connect } from '../platform-fixtures.js'

t.test('heartbeats', async t => {
  t.test('go out every 500 ms after 5 s, without id, to versions that answer', async t => {
    const { messaging, clock } = messagingWith()
    const young = connect(messaging)
    const old = connect(messaging, { clientId: 'old', version: '4.2.0' })
    clock.advance(4999)
    t.equal(young.out.written.length, 0)
    clock.advance(1)
    t.equal(young.out.written.length, 1)
    clock.advance(2000)
    t.equal(young.out.written.length, 5)
    t.match(young.out.instructions()[0], { request: { $case: 'heartbeat' }, instructionId: '' })
    t.equal(old.out.written.length, 0)
  })

  t.test('do not pile up for a client that does not read', async t => {
    const { messaging, clock } = messagingWith()
    const { out, session } = connect(messaging)
    out.flowingMax = 1
    clock.advance(8000)
    t.equal(out.written.length, 1)
    out.flowingMax = Number.POSITIVE_INFINITY
    session.resume()
    clock.advance(500)
    t.equal(out.written.length, 2)
  })

  t.test('are off unless enabled', async t => {
    const { messaging, clock } = messagingWith({ heartbeat: { ...defaultOptions.heartbeat, enabled: false } })
    const { out, session } = connect(messaging)
    session.heartbeat()
    clock.advance(60_000)
    t.same(out.written, [])
    t.equal(out.ended, 'open')
  })

  t.test('a client that never sent one is not missed', async t => {
    const { messaging, clock } = messagingWith()
    const { out } = connect(messaging)
    clock.advance(60_000)
    t.equal(out.ended, 'open')
  })

  t.test('after 5 s of silence the client is gone, with its handlers in that context', async t => {
    const { messaging, clock } = messagingWith()
    const silent: string[] = []
    messaging.platform.addListener({ clientSilent: ({ clientId }) => silent.push(clientId) })
    const client = connect(messaging)
    const alive = connect(messaging, { clientId: 'alive' })
    const handlerOf = (context: string, clientId: string) => {
      const out = new FakeStream()
      const stream = messaging.commands.openHandlerStream(context, out)
      stream.subscribe({ command: 'order', clientId, componentName: 'orders', loadFactor: 0 })
      return out
    }
    const handlers = [
      handlerOf('default', 'client'),
      handlerOf('other', 'client'),
      handlerOf('default', 'alive')
    ]
    client.session.heartbeat()
    for (let second = 0; second < 12; second++) {
      alive.session.heartbeat()
      clock.advance(1000)
    }
    t.equal(client.out.ended, 'failed')
    t.ok(client.out.error instanceof ServerError)
    t.match(client.out.error, { code: 'AXONIQ-0001' })
    t.same(
      handlers.map(({ ended }) => ended),
      ['failed', 'open', 'open']
    )
    t.equal(alive.out.ended, 'open')
    t.same(silent, ['client'])
  })

  t.test('the handlers of a client that has connected anew stay', async t => {
    const { messaging, clock } = messagingWith()
    const old = connect(messaging)
    old.session.heartbeat()
    connect(messaging)
    const handler = new FakeStream()
    const stream = messaging.commands.openHandlerStream('default', handler)
    stream.subscribe({ command: 'order', clientId: 'client', componentName: 'orders', loadFactor: 0 })
    clock.advance(12_000)
    t.equal(old.out.ended, 'failed')
    t.equal(handler.ended, 'open')
  })
})
