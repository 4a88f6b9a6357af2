import t from 'tap'
import { dispatchMany, handler } from '../command-fixtures.js'
import { Answers, command, commandResponse, messagingWith } from '../fixtures.js'

t.test('which handler gets a command', async t => {
  t.test('one routing key has one handler while nothing changes, and keys spread', async t => {
    const { messaging } = messagingWith()
    const handlers = ['one', 'two', 'three'].map(clientId => handler(messaging.commands, { clientId }))
    for (let round = 0; round < 4; round++) {
      for (let key = 0; key < 100; key++) {
        messaging.commands.dispatch('default', command({ routingKey: `key ${key}` }), () => {})
      }
    }
    const seen = new Map<string, number>()
    for (const [index, { out }] of handlers.entries()) {
      t.ok(out.written.length >= 60, `a fair share: ${out.written.length} of 400`)
      for (const { processingInstructions } of out.commands()) {
        const key = JSON.stringify(processingInstructions[0]?.value)
        t.equal(seen.get(key) ?? index, index) || t.bailout()
        seen.set(key, index)
      }
    }
  })

  t.test('without routing key the message id decides', async t => {
    const { messaging } = messagingWith()
    const handlers = ['one', 'two'].map(clientId => handler(messaging.commands, { clientId }))
    const answers = new Answers()
    for (let round = 0; round < 3; round++) {
      messaging.commands.dispatch('default', command({ id: 'fixed' }), answers.reply)
      for (const { stream } of handlers) stream.respond(commandResponse('fixed'))
    }
    t.same(handlers.map(({ out }) => out.written.length).sort(), [0, 3])
  })

  t.test('the tags of the platform stream prefer a handler, whatever the routing key', async t => {
    const { messaging } = messagingWith()
    const connect = (clientId: string, tags: [string, string][], context = 'default') =>
      messaging.clients.connect(context, {
        clientId,
        componentName: 'orders',
        tags: new Map(tags),
        version: ''
      })
    const eu = handler(messaging.commands, { clientId: 'eu' })
    const us = handler(messaging.commands, { clientId: 'us' })
    const untagged = handler(messaging.commands, { clientId: 'untagged' })
    connect('eu', [['region', 'eu']])
    const usClient = connect('us', [
      ['region', 'us'],
      ['shard', '7'],
      ['hot', 'true'],
      ['ratio', '1.0']
    ])
    connect('untagged', [['region', 'eu']], 'other')
    const send = (metaData: Parameters<typeof command>[0] = {}) =>
      dispatchMany(messaging.commands, 20, new Answers(), metaData)
    send({ metaData: { region: { data: { $case: 'textValue', value: 'eu' } } } })
    t.same(
      [eu, us, untagged].map(({ out }) => out.written.length),
      [20, 0, 0]
    )
    send({ metaData: { shard: { data: { $case: 'numberValue', value: 7 } } } })
    t.same(
      [eu, us, untagged].map(({ out }) => out.written.length),
      [20, 20, 0]
    )
    send({ metaData: { hot: { data: { $case: 'booleanValue', value: true } } } })
    send({ metaData: { ratio: { data: { $case: 'doubleValue', value: 1 } } } })
    t.same(
      [eu, us, untagged].map(({ out }) => out.written.length),
      [20, 60, 0]
    )
    send({ metaData: { region: { data: { $case: 'textValue', value: 'asia' } } } })
    t.same(
      [eu, us, untagged].map(({ out }) => out.written.length),
      [20, 60, 20],
      'no tag is better than a wrong one'
    )
    messaging.clients.disconnect(usClient, 'gone')
    send({ metaData: { shard: { data: { $case: 'numberValue', value: 7 } } } })
    t.not(us.out.written.length, 80, 'the tags went with the platform stream')
  })
})
