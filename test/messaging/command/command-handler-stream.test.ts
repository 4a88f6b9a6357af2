import t from 'tap'
import { dispatchMany, handler } from '../command-fixtures.js'
import { Answers, command, commandResponse, defaultOptions, messagingWith } from '../fixtures.js'

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
