import { status } from '@grpc/grpc-js'
import t from 'tap'
import { InstructionAcks } from '../../../plugins/messaging/instruction-acks.js'
import { Command, type CommandProviderInbound, CommandResponse } from '../../../src/wire/generated/command.js'
import type { StreamCall } from '../../../src/wire/grpc/index.js'
import { decodeMessage, encodeMessage, wrapMessage } from '../../../src/wire/index.js'
import { command, commandResponse } from '../../messaging/fixtures.js'
import { type GrpcClient, startServer, until } from './grpc-fixture.js'

const dispatchPath = 'command.CommandService/Dispatch'

interface HandlerOptions {
  readonly clientId?: string
  readonly permits?: number
}

/** A handler whose registration is acknowledged. */
async function handler(client: GrpcClient, { clientId = 'handler', permits = 1000 }: HandlerOptions = {}) {
  const stream = client.commandStream()
  const subscription = {
    messageId: 'm1',
    command: 'order',
    componentName: 'orders',
    clientId,
    loadFactor: 100
  }
  stream.send({ $case: 'subscribe', value: subscription }, 'm1')
  if (permits > 0) stream.send({ $case: 'flowControl', value: { clientId, permits } })
  await stream.receive(1)
  return {
    stream,
    subscription,
    commands: () => stream.received.flatMap(toCommand),
    answer: (requestId: string) => stream.sendBytes(wrapMessage(4, commandResponse(requestId)))
  }
}

function toCommand({ request }: CommandProviderInbound): Command[] {
  return request?.$case === 'command' ? [request.value] : []
}

function dispatch(client: GrpcClient, bytes: Buffer) {
  const { answer, cancel } = client.unary(dispatchPath, bytes)
  const response = answer.then(message => decodeMessage(CommandResponse, message))
  response.catch(() => {})
  return { response, cancel }
}

t.test(
  'a command reaches its handler once the registration is acknowledged, and the answer its sender',
  async t => {
    const { connect } = await startServer(t)
    const { stream, commands, answer } = await handler(connect())
    t.match(stream.received, [{ request: { $case: 'ack', value: { instructionId: 'm1', success: true } } }])
    const { response } = dispatch(connect(), command({ id: 'c1' }))
    await until(() => commands().length === 1)
    t.match(commands(), [
      { messageIdentifier: 'c1', name: 'order', payload: { data: Buffer.from('payload') } }
    ])
    t.equal(stream.received[1]?.instructionId, '')
    answer('c1')
    t.match(await response, {
      requestIdentifier: 'c1',
      errorCode: '',
      payload: { data: Buffer.from('answer to c1') }
    })
  }
)

t.test('nobody handles it: status OK, the error in the answer', async t => {
  const { connect } = await startServer(t)
  const { response } = dispatch(connect(), command({ id: 'c1' }))
  t.match(await response, {
    errorCode: 'AXONIQ-4000',
    errorMessage: { message: 'No Handler for command: order' }
  })
})

t.test('a context that does not exist, and bytes that are no command, are errors of the call', async t => {
  const { connect } = await startServer(t)
  const nowhere = connect('nowhere')
  await t.rejects(dispatch(nowhere, command()).response, { code: status.NOT_FOUND })
  const stream = nowhere.commandStream()
  t.match(await stream.ended(), { code: status.NOT_FOUND, errorCode: 'AXONIQ-1302' })
  await t.rejects(dispatch(connect(), Buffer.from([0x0a, 0x7f])).response, { code: status.CANCELLED })
})

t.test('contexts are apart', async t => {
  const { connect } = await startServer(t)
  await handler(connect('other'))
  t.match(await dispatch(connect(), command()).response, { errorCode: 'AXONIQ-4000' })
})

t.test('each instruction with an id is acknowledged, in order; without id there is no ack', async t => {
  const { connect } = await startServer(t)
  const { stream, subscription } = await handler(connect())
  stream.send({ $case: 'unsubscribe', value: subscription })
  for (let number = 0; number < 50; number++) {
    stream.send({ $case: number % 2 === 0 ? 'subscribe' : 'unsubscribe', value: subscription }, `i${number}`)
  }
  stream.send({ $case: 'flowControl', value: { clientId: 'handler', permits: 1 } }, 'permits')
  stream.send({ $case: 'ack', value: { instructionId: 'x', success: true, error: undefined } }, 'acked')
  const received = await stream.receive(53)
  t.same(
    received.slice(1).map(({ request }) => request?.$case === 'ack' && request.value.instructionId),
    [...Array.from({ length: 50 }, (_, number) => `i${number}`), 'permits', 'acked']
  )
})

t.test('an unknown instruction is refused with AXONIQ-1002 and the stream stays', async t => {
  const { connect } = await startServer(t)
  const { stream, commands, answer } = await handler(connect())
  const newer = Buffer.concat([wrapMessage(9, Buffer.from([8, 1])), wrapMessage(6, Buffer.from('new'))])
  stream.sendBytes(wrapMessage(9, Buffer.from([8, 1])))
  stream.sendBytes(newer)
  stream.send(undefined, 'empty')
  const received = await stream.receive(3)
  t.match(received.slice(1), [
    {
      request: {
        $case: 'ack',
        value: {
          instructionId: 'new',
          success: false,
          error: { errorCode: 'AXONIQ-1002', location: 'node-1', details: [/does not know/] }
        }
      }
    },
    { request: { value: { instructionId: 'empty', success: false } } }
  ])
  const { response } = dispatch(connect(), command({ id: 'c1' }))
  await until(() => commands().length === 1)
  answer('c1')
  t.match(await response, { errorCode: '' })
})

t.test('a broken message is logged, and the stream survives it', async t => {
  const { connect, log } = await startServer(t)
  const { stream, commands, answer } = await handler(connect())
  stream.sendBytes(Buffer.from([0x0a, 0x7f]))
  stream.sendBytes(wrapMessage(4, Buffer.from([0x0a, 0x7f])))
  stream.sendBytes(wrapMessage(1, Buffer.from([0x0a, 0x7f])))
  const { response } = dispatch(connect(), command({ id: 'c1' }))
  await until(() => commands().length === 1)
  answer('c1')
  t.match(await response, { errorCode: '' })
  t.equal(log.lines.filter(line => line.includes('could not be processed')).length, 3)
})

t.test('a half-close completes the stream normally and fails what is unanswered', async t => {
  const { connect, messaging } = await startServer(t)
  const { stream, commands } = await handler(connect())
  const { response } = dispatch(connect(), command())
  await until(() => commands().length === 1)
  stream.call.end()
  t.match(await response, {
    errorCode: 'AXONIQ-4001',
    errorMessage: { message: /handler.*closed by the client/ }
  })
  t.match(await stream.ended(), { code: status.OK })
  t.same([...messaging.commands.registrations('default')], [])
})

t.test('a broken connection gives what waits to another handler', async t => {
  const { connect, connectByWire } = await startServer(t)
  const leaving = await connectByWire()
  const first = await handler(leaving.client, { clientId: 'first', permits: 1 })
  const caller = connect()
  const responses = [dispatch(caller, command({ id: 'c1' })).response]
  await until(() => first.commands().length === 1)
  responses.push(dispatch(caller, command({ id: 'c2' })).response)
  const second = await handler(connect(), { clientId: 'second' })
  leaving.cut()
  t.match(await responses[0], { errorCode: 'AXONIQ-4001', errorMessage: { message: /connection lost/ } })
  await until(() => second.commands().length === 1)
  second.answer('c2')
  t.match(await responses[1], { errorCode: '', requestIdentifier: 'c2' })
})

t.test('commands in progress are answered while their handler leaves gracefully', async t => {
  const { connect } = await startServer(t)
  const { stream, subscription, commands, answer } = await handler(connect())
  const caller = connect()
  const responses = Array.from({ length: 10 }, () => dispatch(caller, command()).response)
  await until(() => commands().length === 10)
  stream.send({ $case: 'unsubscribe', value: subscription }, 'u1')
  await stream.receive(12)
  for (const { messageIdentifier } of commands()) answer(messageIdentifier)
  stream.call.end()
  for (const response of await Promise.all(responses)) t.equal(response.errorCode, '')
})

t.test('a caller that cancels takes back what still waits', async t => {
  const { connect, messaging } = await startServer(t)
  const { stream, commands } = await handler(connect(), { permits: 0 })
  const { response, cancel } = dispatch(connect(), command())
  await until(() => messaging.commands.inProgress === 1)
  cancel()
  await t.rejects(response, { code: status.CANCELLED })
  await until(() => messaging.commands.inProgress === 0)
  stream.send({ $case: 'flowControl', value: { clientId: 'handler', permits: 5 } }, 'after')
  await stream.receive(2)
  t.same(commands(), [])
})

t.test('a handler that does not read is not buffered for, and loses nothing', async t => {
  const { connect, messaging } = await startServer(t)
  const { stream, commands } = await handler(connect(), { permits: 100_000 })
  stream.call.pause()
  const caller = connect()
  const template = decodeMessage(Command, command())
  const data = Buffer.alloc(50_000, 1)
  const count = 300
  for (let number = 0; number < count; number++) {
    const payload = { type: 'Large', revision: '', data }
    dispatch(caller, encodeMessage(Command, { ...template, messageIdentifier: `c${number}`, payload }))
  }
  await until(() => messaging.commands.inProgress === count)
  const [registered] = messaging.commands.handlers()
  t.ok(registered!.queue.waiting > count / 2, `most wait with us: ${registered!.queue.waiting} of ${count}`)
  stream.call.resume()
  await until(() => commands().length === count)
  t.equal(new Set(commands().map(({ messageIdentifier }) => messageIdentifier)).size, count)
})

t.test('a client that does not read its acks is held back until it does', async t => {
  let isFlowing = true
  let written = 0
  const told: string[] = []
  const call = {
    write: () => {
      written++
      return isFlowing
    },
    pause: () => told.push('pause'),
    resume: () => told.push('resume')
  }
  const acks = new InstructionAcks(call as unknown as StreamCall, 1, 'node-1')
  const acknowledge = (count: number) => {
    for (let number = 0; number < count; number++) acks.received(`i${number}`)
  }
  acknowledge(5000)
  t.same(told, [], 'as long as the transport takes them there is no bound')
  isFlowing = false
  acknowledge(999)
  t.same(told, [])
  acknowledge(1)
  t.same(told, ['pause'])
  acknowledge(3)
  t.equal(written, 6003, 'what was read from the wire already is still acknowledged')
  isFlowing = true
  acks.resume()
  t.same(told, ['pause', 'resume'])
  acknowledge(5000)
  acks.resume()
  t.same(told, ['pause', 'resume'])
})
