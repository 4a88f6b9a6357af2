import t from 'tap'
import { Command, CommandProviderInbound } from '../../../src/wire/generated/command.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'
import { dispatchMany, handler } from '../command-fixtures.js'
import { Answers, command, commandResponse, messagingWith } from '../fixtures.js'

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
