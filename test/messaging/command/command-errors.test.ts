import t from 'tap'
import { dispatchMany, handler } from '../command-fixtures.js'
import { Answers, command, commandResponse, defaultOptions, messagingWith } from '../fixtures.js'

t.test('errors that the server makes', async t => {
  t.test('AXONIQ-4000: nobody handles it, with the text that clients compare', async t => {
    const { messaging } = messagingWith()
    handler(messaging.commands, { context: 'other' })
    const answers = new Answers()
    t.equal(messaging.commands.dispatch('default', command({ id: 'c1' }), answers.reply), undefined)
    t.match(answers.all, [
      {
        requestIdentifier: 'c1',
        errorCode: 'AXONIQ-4000',
        errorMessage: {
          message: 'No Handler for command: order',
          location: 'AxonServer',
          details: [],
          errorCode: ''
        },
        payload: undefined
      }
    ])
    t.match(answers.all[0]?.messageIdentifier, /^id-/)
    t.equal(messaging.commands.inProgress, 0)
  })

  t.test('AXONIQ-1900: 10,000 wait for a handler, 11,000 with priority', async t => {
    const { messaging } = messagingWith()
    const { stream } = handler(messaging.commands, { permits: 0 })
    const waiting = new Answers()
    dispatchMany(messaging.commands, 10_000, waiting)
    t.same(waiting.bytes, [])
    const refused = new Answers()
    dispatchMany(messaging.commands, 1, refused)
    dispatchMany(messaging.commands, 1, refused, { priority: -1 })
    t.same(refused.codes, ['AXONIQ-1900', 'AXONIQ-1900'])
    dispatchMany(messaging.commands, 1000, waiting, { priority: 1 })
    t.same(waiting.bytes, [])
    dispatchMany(messaging.commands, 1, refused, { priority: 1 })
    t.equal(refused.codes.length, 3)
    t.match(refused.all[2]?.errorMessage?.message, /11000 commands wait for handler/)
    t.equal(messaging.commands.inProgress, 11_000, 'refused ones are not in progress')
    t.equal(stream.queue.refused, 3)
  })

  t.test('AXONIQ-1900: too many in progress on the node, or in the context', async t => {
    const { messaging } = messagingWith({
      commands: { ...defaultOptions.commands, inProgressMax: 5, inProgressPerContextMax: 3 }
    })
    const here = handler(messaging.commands)
    handler(messaging.commands, { context: 'other' })
    const answers = new Answers()
    dispatchMany(messaging.commands, 3, answers)
    t.same(answers.codes, [])
    dispatchMany(messaging.commands, 1, answers)
    t.match(answers.all[0]?.errorMessage?.message, /in default, which is the limit/)
    for (let number = 0; number < 3; number++) messaging.commands.dispatch('other', command(), answers.reply)
    t.same(answers.codes, ['AXONIQ-1900', 'AXONIQ-1900'])
    t.match(answers.all[1]?.errorMessage?.message, /on this server, which is the limit/)
    here.stream.respond(commandResponse(here.out.commandIds()[0]!))
    dispatchMany(messaging.commands, 1, answers)
    t.equal(answers.bytes.length, 3, 'the answer made room for one more')
  })

  t.test(
    'AXONIQ-4005: the id is pending; the first command is unaffected and the id free afterwards',
    async t => {
      const { messaging } = messagingWith()
      const { stream, out } = handler(messaging.commands)
      const first = new Answers()
      const second = new Answers()
      messaging.commands.dispatch('default', command({ id: 'same' }), first.reply)
      messaging.commands.dispatch('default', command({ id: 'same' }), second.reply)
      t.same(second.codes, ['AXONIQ-4005'])
      t.equal(out.written.length, 1)
      stream.respond(commandResponse('same'))
      t.same(first.codes, [''])
      messaging.commands.dispatch('default', command({ id: 'same' }), second.reply)
      t.equal(out.written.length, 2)
    }
  )

  t.test('AXONIQ-4002: unanswered for 300 to 305 s, delivered or not; a late answer is dropped', async t => {
    const { messaging, clock } = messagingWith()
    const { stream, out } = handler(messaging.commands, { permits: 1 })
    clock.advance(2000)
    const answers = new Answers()
    messaging.commands.dispatch('default', command({ id: 'delivered' }), answers.reply)
    messaging.commands.dispatch('default', command({ id: 'waiting' }), answers.reply)
    clock.advance(299_999)
    t.same(answers.codes, [])
    clock.advance(5001)
    t.same(answers.codes, ['AXONIQ-4002', 'AXONIQ-4002'])
    t.same(
      answers.all.map(({ requestIdentifier }) => requestIdentifier),
      ['delivered', 'waiting']
    )
    stream.respond(commandResponse('delivered'))
    stream.addPermits('handler', 5)
    t.equal(answers.bytes.length, 2)
    t.same(out.commandIds(), ['delivered'], 'what nobody waits for is not delivered any more')
    t.equal(messaging.commands.inProgress, 0)
  })

  t.test('AXONIQ-4001: the stream of the handler ends after delivery', async t => {
    const { messaging } = messagingWith()
    const { stream } = handler(messaging.commands)
    const answers = new Answers()
    dispatchMany(messaging.commands, 2, answers)
    stream.close('connection lost')
    t.same(answers.codes, ['AXONIQ-4001', 'AXONIQ-4001'])
    t.match(answers.all[0]?.errorMessage?.message, /handler handler was lost \(connection lost\)/)
    dispatchMany(messaging.commands, 1, answers)
    t.equal(answers.codes[2], 'AXONIQ-4000')
  })

  t.test('AXONIQ-4003: metadata that is no metadata, where tags would be compared', async t => {
    const { messaging } = messagingWith()
    handler(messaging.commands, { clientId: 'a' })
    handler(messaging.commands, { clientId: 'b' })
    const client = { clientId: 'a', componentName: 'orders', tags: new Map([['k', 'v']]), version: '' }
    messaging.clients.connect('default', client)
    const answers = new Answers()
    const bad = Buffer.concat([command({ id: 'c1' }), Buffer.from([42, 2, 0x0a, 0x7f])])
    messaging.commands.dispatch('default', bad, answers.reply)
    t.same(answers.codes, ['AXONIQ-4003'])
    t.equal(messaging.commands.inProgress, 0)
  })

  t.test('bytes that are no command are refused and leave nothing behind', async t => {
    const { messaging } = messagingWith()
    handler(messaging.commands)
    t.throws(() => messaging.commands.dispatch('default', Buffer.from([0x0a, 0x7f]), () => {}), {
      name: 'MalformedMessageError'
    })
    t.equal(messaging.commands.inProgress, 0)
  })
})
