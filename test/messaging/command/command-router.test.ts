import t from 'tap'
import { Command, CommandProviderInbound } from '../../../src/wire/generated/command.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import { Answers, command, commandResponse, defaultOptions, FakeStream, messagingWith } from '../fixtures.js'

type Commands = ReturnType<typeof messagingWith>['messaging']['commands']

interface HandlerOptions {
  readonly clientId?: string
  readonly names?: readonly string[]
  readonly permits?: number
  readonly loadFactor?: number
  readonly context?: string
}

function handler(commands: Commands, options: HandlerOptions = {}) {
  const {
    clientId = 'handler',
    names = ['order'],
    permits = 5000,
    loadFactor = 0,
    context = 'default'
  } = options
  const out = new FakeStream()
  const stream = commands.openHandlerStream(context, out)
  for (const name of names) stream.subscribe({ command: name, clientId, componentName: 'orders', loadFactor })
  if (permits > 0) stream.addPermits(clientId, permits)
  return { out, stream }
}

function dispatchMany(
  commands: Commands,
  count: number,
  answers: Answers,
  options: Parameters<typeof command>[0] = {}
) {
  for (let number = 0; number < count; number++) commands.dispatch('default', command(options), answers.reply)
}

t.test('the way there and back', async t => {
  t.test('a command arrives in the bytes in which it was sent, unknown fields too', async t => {
    const { messaging } = messagingWith()
    const { out, stream } = handler(messaging.commands)
    const answers = new Answers()
    const sent = Buffer.concat([command({ id: 'c1' }), Buffer.from([0xa2, 0x06, 3, 1, 2, 3])])
    messaging.commands.dispatch('default', sent, answers.reply)
    const [received] = out.written
    t.ok(received?.includes(sent), 'spliced, not encoded anew')
    const envelope = decodeMessage(CommandProviderInbound, received!)
    t.equal(envelope.instructionId, '', 'without instruction id')
    t.same(answers.bytes, [])
    const response = commandResponse('c1')
    stream.respond(response)
    t.equal(answers.bytes[0], response, 'forwarded as it is')
    t.equal(messaging.commands.inProgress, 0)
  })

  t.test('an error of the handler goes through untouched', async t => {
    const { messaging } = messagingWith()
    const { stream } = handler(messaging.commands)
    const answers = new Answers()
    messaging.commands.dispatch('default', command({ id: 'c1' }), answers.reply)
    const response = commandResponse('c1', 'AXONIQ-4002')
    stream.respond(response)
    t.equal(answers.bytes[0], response)
    t.equal(messaging.commands.stats.handlerErrors, 1)
  })

  t.test('an answer that nobody waits for is dropped', async t => {
    const { messaging } = messagingWith()
    const { stream } = handler(messaging.commands)
    const answers = new Answers()
    messaging.commands.dispatch('default', command({ id: 'c1' }), answers.reply)
    stream.respond(commandResponse('unknown'))
    stream.respond(commandResponse('c1'))
    stream.respond(commandResponse('c1'))
    t.equal(answers.bytes.length, 1)
    t.equal(messaging.commands.stats.lateResponses, 2)
  })

  t.test('an answer counts from whichever stream it comes, but not from another context', async t => {
    const { messaging } = messagingWith()
    handler(messaging.commands)
    const foreign = handler(messaging.commands, { context: 'other' })
    const second = handler(messaging.commands, { names: ['something else'] })
    const answers = new Answers()
    messaging.commands.dispatch('default', command({ id: 'c1' }), answers.reply)
    foreign.stream.respond(commandResponse('c1'))
    t.equal(answers.bytes.length, 0)
    second.stream.respond(commandResponse('c1'))
    t.equal(answers.bytes.length, 1)
  })

  t.test('no command is delivered before there are permits, and acks of permits add up', async t => {
    const { messaging } = messagingWith()
    const { out, stream } = handler(messaging.commands, { permits: 0 })
    dispatchMany(messaging.commands, 5, new Answers())
    t.equal(out.written.length, 0)
    stream.addPermits('handler', 2)
    t.equal(out.written.length, 2)
    stream.addPermits('handler', 10)
    t.equal(out.written.length, 5)
    t.equal(stream.queue.permits, 7)
  })

  t.test(
    'higher priority goes first, also with negative ones, and equal ones in order of dispatch',
    async t => {
      const { messaging } = messagingWith()
      const { out, stream } = handler(messaging.commands, { permits: 0 })
      const priorities: [string, number | undefined][] = [
        ['n', undefined],
        ['m', -1],
        ['h', 10],
        ['n2', 0],
        ['h2', 10]
      ]
      for (const [id, priority] of priorities) {
        messaging.commands.dispatch(
          'default',
          command(priority === undefined ? { id } : { id, priority }),
          () => {}
        )
      }
      stream.addPermits('handler', 10)
      t.same(out.commandIds(), ['h', 'h2', 'n', 'n2', 'm'])
    }
  )

  t.test('a transport that is behind pauses delivery, although there are permits', async t => {
    const { messaging } = messagingWith()
    const { out, stream } = handler(messaging.commands)
    out.flowingMax = 3
    dispatchMany(messaging.commands, 10, new Answers())
    t.equal(out.written.length, 3)
    t.equal(stream.queue.waiting, 7)
    out.flowingMax = Number.POSITIVE_INFINITY
    stream.resume()
    t.equal(out.written.length, 10)
  })
})

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

t.test('a caller that goes away', async t => {
  const { messaging } = messagingWith()
  const { out, stream } = handler(messaging.commands, { permits: 1 })
  const answers = new Answers()
  const delivered = messaging.commands.dispatch('default', command({ id: 'delivered' }), answers.reply)
  const waiting = messaging.commands.dispatch('default', command({ id: 'waiting' }), answers.reply)
  messaging.commands.abandon(delivered!)
  messaging.commands.abandon(waiting!)
  t.equal(messaging.commands.inProgress, 1, 'what was delivered is still being handled')
  stream.addPermits('handler', 5)
  t.same(out.commandIds(), ['delivered'], 'what waited is dropped')
  stream.respond(commandResponse('delivered'))
  t.equal(messaging.commands.inProgress, 0)
  t.same(answers.bytes, [], 'and nobody is told')
})

t.test('registrations', async t => {
  t.test('the first client id and component name of a stream count', async t => {
    const { messaging } = messagingWith()
    const { stream } = handler(messaging.commands, { clientId: 'first' })
    stream.subscribe({ command: 'other', clientId: 'second', componentName: 'else', loadFactor: 5 })
    stream.addPermits('third', 5)
    t.match(
      [...messaging.commands.registrations('default')],
      [
        { name: 'order', clientId: 'first', componentName: 'orders', loadFactor: 100 },
        { name: 'other', clientId: 'first', componentName: 'orders', loadFactor: 5 }
      ]
    )
    t.match(stream.streamId, /^first\.id-\d+$/)
  })

  t.test('permits may come before the first registration', async t => {
    const { messaging } = messagingWith()
    const { stream, out } = handler(messaging.commands, { names: [] })
    stream.subscribe({ command: 'order', clientId: 'handler', componentName: 'orders', loadFactor: 0 })
    dispatchMany(messaging.commands, 1, new Answers())
    t.equal(out.written.length, 1)
  })

  t.test('registering again replaces the load factor', async t => {
    const { messaging } = messagingWith()
    const one = handler(messaging.commands, { clientId: 'one' })
    const two = handler(messaging.commands, { clientId: 'two', loadFactor: 1 })
    one.stream.subscribe({ command: 'order', clientId: 'one', componentName: 'orders', loadFactor: 1 })
    two.stream.subscribe({ command: 'order', clientId: 'two', componentName: 'orders', loadFactor: 900 })
    t.equal([...messaging.commands.registrations('default')].length, 2, 'not counted twice')
    dispatchMany(messaging.commands, 500, new Answers())
    t.ok(two.out.written.length > 450, `most go to the heavy one: ${two.out.written.length}`)
  })

  t.test('a negative load factor is chosen only when there is nobody else', async t => {
    const { messaging } = messagingWith()
    const shy = handler(messaging.commands, { clientId: 'shy', loadFactor: -1 })
    const keen = handler(messaging.commands, { clientId: 'keen' })
    dispatchMany(messaging.commands, 100, new Answers())
    t.equal(shy.out.written.length, 0)
    keen.stream.close('gone')
    dispatchMany(messaging.commands, 3, new Answers())
    t.equal(shy.out.written.length, 3)
  })

  t.test('two that are both never chosen still serve', async t => {
    const { messaging } = messagingWith()
    const one = handler(messaging.commands, { clientId: 'one', loadFactor: -1 })
    handler(messaging.commands, { clientId: 'two', loadFactor: -1 })
    dispatchMany(messaging.commands, 1, new Answers())
    t.equal(one.out.written.length, 1)
  })

  t.test('after unsubscribe nothing new comes, what waits still does, and answers count', async t => {
    const { messaging } = messagingWith()
    const { stream, out } = handler(messaging.commands, { permits: 1 })
    const answers = new Answers()
    messaging.commands.dispatch('default', command({ id: 'delivered' }), answers.reply)
    messaging.commands.dispatch('default', command({ id: 'waiting' }), answers.reply)
    stream.unsubscribe('order')
    stream.unsubscribe('never subscribed')
    const later = new Answers()
    dispatchMany(messaging.commands, 1, later)
    t.same(later.codes, ['AXONIQ-4000'])
    stream.addPermits('handler', 10)
    t.same(out.commandIds(), ['delivered', 'waiting'])
    stream.respond(commandResponse('delivered'))
    stream.respond(commandResponse('waiting'))
    t.same(answers.codes, ['', ''])
    stream.subscribe({ command: 'order', clientId: 'handler', componentName: 'orders', loadFactor: 0 })
    dispatchMany(messaging.commands, 1, later)
    t.equal(out.written.length, 3, 'the stream can register again')
  })

  t.test('old and new stream of one client are two handlers', async t => {
    const { messaging } = messagingWith()
    const old = handler(messaging.commands)
    const young = handler(messaging.commands)
    dispatchMany(messaging.commands, 200, new Answers())
    t.ok(old.out.written.length > 0 && young.out.written.length > 0)
    old.stream.close('gone')
    const before = young.out.written.length
    dispatchMany(messaging.commands, 10, new Answers())
    t.equal(young.out.written.length, before + 10, 'the end of the old one does not touch the new one')
  })
})

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

t.test('the end of a handler stream', async t => {
  t.test('what waits goes to others in order, what was delivered fails', async t => {
    const { messaging } = messagingWith()
    const leaving = handler(messaging.commands, { clientId: 'leaving', permits: 2 })
    const answers = new Answers()
    for (let number = 1; number <= 6; number++) {
      messaging.commands.dispatch('default', command({ id: `c${number}` }), answers.reply)
    }
    const staying = handler(messaging.commands, { clientId: 'staying' })
    leaving.stream.close('connection lost')
    t.same(
      answers.all.map(({ requestIdentifier, errorCode }) => [requestIdentifier, errorCode]),
      [
        ['c1', 'AXONIQ-4001'],
        ['c2', 'AXONIQ-4001']
      ]
    )
    t.same(staying.out.commandIds(), ['c3', 'c4', 'c5', 'c6'])
    t.ok(
      staying.out.commands().every(({ payload }) => payload?.data.toString() === 'payload'),
      'complete'
    )
    for (const id of staying.out.commandIds()) staying.stream.respond(commandResponse(id))
    t.same(answers.codes.slice(2), ['', '', '', ''])
    t.equal(messaging.commands.stats.rerouted, 4)
  })

  t.test('with nobody left, what waits is answered with AXONIQ-4000', async t => {
    const { messaging } = messagingWith()
    const { stream } = handler(messaging.commands, { permits: 0 })
    const answers = new Answers()
    dispatchMany(messaging.commands, 3, answers)
    stream.close('connection lost')
    t.same(answers.codes, ['AXONIQ-4000', 'AXONIQ-4000', 'AXONIQ-4000'])
  })

  t.test('what finds the queue of the others full is answered with AXONIQ-1900', async t => {
    const { messaging } = messagingWith({ commands: { ...defaultOptions.commands, waitingMax: 3 } })
    const leaving = handler(messaging.commands, { clientId: 'leaving', permits: 0 })
    const answers = new Answers()
    dispatchMany(messaging.commands, 3, answers)
    handler(messaging.commands, { clientId: 'full', permits: 0, names: ['order', 'other'] })
    dispatchMany(messaging.commands, 2, answers, { name: 'other' })
    leaving.stream.close('connection lost')
    t.same(answers.codes, ['AXONIQ-1900', 'AXONIQ-1900'])
  })

  t.test('ten commands in progress survive a graceful reconnect', async t => {
    const { messaging } = messagingWith()
    const old = handler(messaging.commands)
    const answers = new Answers()
    dispatchMany(messaging.commands, 10, answers)
    old.stream.unsubscribe('order')
    const young = handler(messaging.commands)
    const ids = old.out.commandIds()
    for (const id of ids.slice(0, 5)) old.stream.respond(commandResponse(id))
    for (const id of ids.slice(5)) young.stream.respond(commandResponse(id))
    old.stream.terminate('closed by the client')
    t.same(answers.codes, Array(10).fill(''))
    t.equal(old.out.ended, 'ended', 'the server completes its side')
  })

  t.test('a stream that was closed does nothing any more', async t => {
    const { messaging } = messagingWith()
    const { stream, out } = handler(messaging.commands)
    stream.close('gone')
    stream.close('gone')
    stream.terminate('gone')
    stream.subscribe({ command: 'order', clientId: 'handler', componentName: '', loadFactor: 0 })
    stream.addPermits('handler', 5)
    stream.resume()
    stream.respond(commandResponse('x'))
    t.equal(out.ended, 'open')
    t.same([...messaging.commands.registrations('default')], [])
    t.same([...messaging.commands.handlers()], [])
  })
})

t.test('a context that is removed', async t => {
  const { messaging } = messagingWith()
  const one = handler(messaging.commands, { permits: 1 })
  const two = handler(messaging.commands, { clientId: 'two', permits: 0 })
  const other = handler(messaging.commands, { context: 'other' })
  const answers = new Answers()
  dispatchMany(messaging.commands, 20, answers)
  messaging.closeContext('default')
  t.equal(answers.bytes.length, 20, 'everything pending is answered')
  t.same(new Set(answers.codes), new Set(['AXONIQ-4000', 'AXONIQ-4001']))
  t.equal(one.out.written.length, 1, 'nothing is given to a stream that is about to end')
  t.equal(two.out.written.length, 0)
  t.same([one.out.ended, two.out.ended, other.out.ended], ['ended', 'ended', 'open'])
  t.equal(messaging.commands.inProgress, 0)
  handler(messaging.commands)
  dispatchMany(messaging.commands, 1, answers)
  t.equal(answers.bytes.length, 20, 'a context of the same name starts anew')
})

t.test('a node that stops ends all streams and takes no more commands', async t => {
  const { messaging } = messagingWith()
  const { out } = handler(messaging.commands)
  const answers = new Answers()
  dispatchMany(messaging.commands, 1, answers)
  messaging.stop()
  t.equal(out.ended, 'ended')
  dispatchMany(messaging.commands, 1, answers)
  t.same(answers.codes, ['AXONIQ-4001', 'AXONIQ-1900'])
  t.equal(messaging.commands.inProgress, 0)
})

t.test('commands are counted and timed', async t => {
  const { messaging, clock } = messagingWith()
  const { stream } = handler(messaging.commands)
  messaging.commands.dispatch('default', command({ id: 'c1', name: 'order' }), () => {})
  clock.advance(40)
  stream.respond(commandResponse('c1'))
  messaging.commands.dispatch('default', command({ name: 'unknown' }), () => {})
  const { stats } = messaging.commands
  t.match(
    [...stats.timers.values()],
    [
      {
        context: 'default',
        request: 'order',
        source: 'caller',
        target: 'handler',
        count: 1,
        totalMs: 40,
        maxMs: 40
      }
    ]
  )
  t.equal(stats.rates.get('default')?.count, 2)
  t.same([...stats.failures], [['AXONIQ-4000', 1]])
})

t.test('a command as large as messages may be goes through', async t => {
  const { messaging } = messagingWith()
  const { out } = handler(messaging.commands)
  const data = Buffer.alloc(4 * 1024 * 1024, 7)
  const large = encodeMessage(Command, {
    ...decodeMessage(Command, command({ id: 'large' })),
    payload: { type: 'Large', revision: '', data }
  })
  messaging.commands.dispatch('default', large, () => {})
  t.ok(out.commands()[0]?.payload?.data.equals(data))
})
