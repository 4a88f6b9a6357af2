import t from 'tap'
import { messagingWith } from '../fixtures.js'
import { ack, connect, info, processor } from '../platform-fixtures.js'

t.test('instructions', async t => {
  const pausing = (version?: string) => {
    const fixture = messagingWith()
    const client = connect(fixture.messaging, version === undefined ? {} : { version })
    client.session.processorInfo(info('p'))
    const outcome = fixture.messaging.processors.pause(processor)
    const [instruction] = client.out.instructions()
    return { ...fixture, ...client, outcome, id: instruction!.instructionId, instruction }
  }

  t.test('carry a random id, and end with the result', async t => {
    const { session, outcome, id, instruction } = pausing()
    t.match(instruction, { request: { $case: 'pauseEventProcessor', value: { processorName: 'p' } } })
    t.not(id, '')
    session.ack(ack(''))
    session.ack(ack(id))
    session.result(ack('another'))
    session.result(ack(id))
    t.equal(await outcome, 'success')
  })

  t.test('an ack is all that an old client says', async t => {
    for (const version of ['4.5.2', '']) {
      const { session, outcome, id } = pausing(version)
      session.ack(ack(id))
      t.equal(await outcome, 'accepted')
    }
  })

  t.test('an instruction that the client does not know fails at once if the ack says which', async t => {
    const { session, outcome, id } = pausing()
    session.ack(ack(id, false, 'AXONIQ-1002'))
    await t.rejects(outcome, { code: 'AXONIQ-1002' })
  })

  t.test('a failure has the code of the client', async t => {
    for (const [given, code] of [
      ['AXONIQ-1004', 'AXONIQ-1004'],
      ['AXONIQ-1003', 'AXONIQ-1003'],
      ['', 'AXONIQ-1004'],
      ['OWN-1', 'AXONIQ-1004']
    ] as const) {
      const { session, outcome, id } = pausing()
      session.result(ack(id, false, given))
      await t.rejects(outcome, { code, message: /client could not do it: refused/ })
    }
  })

  t.test('no answer in 10 s, looked for every 5 s', async t => {
    const { clock, outcome, messaging, session, id } = pausing()
    clock.advance(9999)
    t.equal(messaging.instructions.awaited, 1)
    clock.advance(5001)
    await t.rejects(outcome, { code: 'AXONIQ-11000', message: /from client in 10000 ms/ })
    t.equal(messaging.instructions.awaited, 0)
    session.result(ack(id))
    t.equal(messaging.instructions.awaited, 0, 'a late result is ignored')
  })

  t.test('no more than 1000 answers are awaited', async t => {
    const { messaging } = messagingWith()
    const { session } = connect(messaging)
    session.processorInfo(info('p'))
    const outcomes = Array.from({ length: 1000 }, () => messaging.processors.pause(processor))
    await t.rejects(messaging.processors.pause(processor), { code: 'AXONIQ-1900' })
    t.equal(messaging.instructions.awaited, 1000)
    session.close('gone')
    t.ok((await Promise.allSettled(outcomes)).every(({ status }) => status === 'rejected'))
    t.equal(messaging.instructions.awaited, 0)
  })
})
