import t from 'tap'
import { BytesClient } from '../../bench/client.js'
import { CommandProviderOutbound, CommandResponse } from '../../src/wire/generated/command.js'
import { GetEventsRequest } from '../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage } from '../../src/wire/index.js'
import { EventClient, testEvent } from '../support/event-client.js'
import { commandBytes, subscription } from './support/good-client.js'
import { grpcHeaders, grpcMessage, RawConnection } from './support/raw-connection.js'
import { isFullRun, mebibytes, pause } from './support/server-watch.js'
import { Siege } from './support/siege.js'
import { floodSubscriber } from './support/subscription-flood.js'

t.setTimeout(300_000)

const eventStore = '/io.axoniq.axonserver.grpc.event.EventStore'
const commandService = '/io.axoniq.axonserver.grpc.command.CommandService'
const mebibyte = 1024 * 1024
const nothing = () => {}

t.test('connections that only are there cost little', async t => {
  const count = isFullRun ? 10_000 : 2_000
  const siege = await Siege.lay(t)
  const before = siege.residentBytes
  const connections: RawConnection[] = []
  const startMs = Date.now()
  for (let number = 0; number < count; number++) {
    const connection = new RawConnection(siege.server.grpcPort)
    connections.push(connection)
    if (number % 100 === 99) await connection.ready
  }
  await Promise.all(connections.map(({ ready }) => ready))
  t.equal(await siege.watch.metric('grpc_server_connections'), count + 2, 'all are taken')
  const eachBytes = (siege.residentBytes - before) / count
  t.comment(`${count} connections in ${Date.now() - startMs} ms, ${(eachBytes / 1024).toFixed(1)} KiB each`)
  await siege.othersAreServed(8_000)
  t.notOk(
    connections.some(({ isClosed }) => isClosed),
    'whoever answers pings stays connected'
  )
  t.ok((siege.residentBytes - before) / count < 100 * 1024, 'each costs less than 100 KiB')
  for (const connection of connections) connection.close()
  await siege.isOver()
})

t.test('connections beyond the limit are refused, and others go on', async t => {
  const siege = await Siege.lay(t, { 'myelin.grpc.max-connections': '50' })
  const connections = Array.from({ length: 100 }, () => new RawConnection(siege.server.grpcPort))
  await Promise.all(connections.map(({ ready }) => ready))
  await pause(200)
  t.equal(connections.filter(({ isClosed }) => isClosed).length, 52, 'those beyond 50 are closed')
  t.equal(await siege.watch.metric('grpc_server_connections_refused_total'), 52, 'and counted')
  await siege.othersAreServed(500)
  for (const connection of connections) connection.close()
  await siege.isOver()
})

t.test('readers that do not read hold no more than their stream may', async t => {
  const count = 1_000
  const siege = await Siege.lay(t)
  const events = new EventClient(siege.server.address)
  for (let batch = 0; batch < 40; batch++) await events.append(`stock-${batch}`, 0, 100, 2_000)
  events.close()
  const before = siege.residentBytes
  const most: number[] = []
  for (const round of [1, 2]) {
    const connections = Array.from({ length: count }, (_, number) => slowReader(siege, number % 2 === 0))
    await siege.othersAreServed(4_000)
    t.equal(await siege.watch.metric('myelin_event_trackers'), count, 'all are served')
    most.push(siege.residentBytes - before)
    t.comment(`round ${round}: ${count} slow readers, ${(most.at(-1)! / count / 1024).toFixed(1)} KiB each`)
    const left = await siege.watch.settled('myelin_event_trackers', count / 2, 30_000)
    t.equal(left, count / 2, 'those that answer no ping are gone, the others stay')
    for (const connection of connections) connection.close()
    await siege.isOver(['myelin_event_trackers'])
  }
  t.ok(most[0]! / count < 1024 * 1024, 'each holds less than 1 MiB')
  t.ok(most[1]! - most[0]! < 200 * mebibyte, 'what they held is used again')
})

/** Takes nothing of what it asked for: as far as HTTP/2 goes, or not even from TCP. */
function slowReader(siege: Siege, answersPings: boolean): RawConnection {
  const connection = new RawConnection(siege.server.grpcPort, { isReading: false })
  const request: GetEventsRequest = {
    trackingToken: 0,
    numberOfPermits: 1_000_000,
    clientId: 'slow',
    componentName: 'slow',
    processor: 'slow',
    blacklist: [],
    forceReadFromLeader: false
  }
  const id = connection.call(`${eventStore}/ListEvents`, grpcHeaders, nothing)
  connection.write(id, grpcMessage(encodeMessage(GetEventsRequest, request)))
  if (!answersPings) void connection.ready.then(() => connection.stopReading())
  return connection
}

t.test('transactions that never end are bounded together', async t => {
  const [streams, eventsOfStream] = [60, 120]
  const siege = await Siege.lay(t)
  const before = siege.residentBytes
  const event = grpcMessage(testEvent('never', 0, 60_000))
  let ended = 0
  const connections = await holdOpen(
    siege,
    streams,
    `${eventStore}/AppendEvent`,
    () => ended++,
    event,
    eventsOfStream
  )
  const heldBytes = await siege.watch.metric('myelin_event_receiving_bytes')
  t.comment(
    `${streams} appenders sent ${mebibytes(streams * eventsOfStream * event.length)}, hold ${mebibytes(heldBytes)}, ` +
      `${ended} were refused, ${mebibytes(siege.residentBytes - before)} more`
  )
  t.ok(ended > 0, 'those beyond the bound are refused')
  t.ok(heldBytes <= 256 * mebibyte, 'what is held is below its bound')
  t.ok(siege.residentBytes - before < 512 * mebibyte, 'memory stays bounded')
  for (const connection of connections) connection.close()
  await siege.isOver(['myelin_event_receiving_bytes'])
})

t.test('messages that never end are bounded together', async t => {
  const [streams, sentBytes] = [200, 4 * mebibyte - 1000]
  const siege = await Siege.lay(t)
  const before = siege.residentBytes
  const message = grpcMessage(Buffer.alloc(4 * mebibyte)).subarray(0, sentBytes)
  let ended = 0
  const connections = await holdOpen(siege, streams, `${commandService}/Dispatch`, () => ended++, message, 1)
  t.comment(
    `${streams} callers sent ${mebibytes(streams * sentBytes)}, ${ended} were refused, ${mebibytes(siege.residentBytes - before)} more`
  )
  t.ok(siege.residentBytes - before < 512 * mebibyte, 'memory stays bounded')
  await siege.othersAreServed(1_000)
  for (const connection of connections) connection.close()
  await siege.isOver()
})

/** Calls that send and never half-close, ten on a connection. */
async function holdOpen(
  siege: Siege,
  streams: number,
  path: string,
  ended: () => void,
  bytes: Buffer,
  times: number
): Promise<RawConnection[]> {
  const connections = Array.from(
    { length: Math.ceil(streams / 10) },
    () => new RawConnection(siege.server.grpcPort)
  )
  await Promise.all(connections.map(({ ready }) => ready))
  await Promise.all(
    Array.from({ length: streams }, async (_, number) => {
      const connection = connections[number % connections.length]!
      const id = connection.call(path, grpcHeaders, ended)
      for (let i = 0; i < times; i++) await connection.writeAll(id, bytes)
    })
  )
  await pause(500)
  return connections
}

t.test('a handler that never answers fills its queue, then its callers are told', async t => {
  const [commandCount, permits, queueMax] = [30_000, 5_000, 10_000]
  const siege = await Siege.lay(t)
  const before = siege.residentBytes
  const handler = new BytesClient(siege.server.address)
  const stream = handler.duplex(`${commandService}/OpenStream`)
  stream.on('error', nothing)
  const send = (request: NonNullable<CommandProviderOutbound['request']>) =>
    stream.write(encodeMessage(CommandProviderOutbound, { request, instructionId: 'x' }))
  send({ $case: 'subscribe', value: subscription('never', 'never') })
  send({ $case: 'flowControl', value: { clientId: 'never', permits } })
  await new Promise(resolve => stream.once('data', resolve))
  stream.on('data', nothing)

  const callers = [1, 2, 3, 4].map(() => new BytesClient(siege.server.address))
  const answers = new Map<string, number>()
  let failed = 0
  const startMs = Date.now()
  for (let number = 0; number < commandCount; number++) {
    callers[number % callers.length]!.unary(
      `${commandService}/Dispatch`,
      commandBytes(`never/${number}`, 'never', 500)
    ).then(
      bytes => {
        const { errorCode } = decodeMessage(CommandResponse, bytes)
        answers.set(errorCode, (answers.get(errorCode) ?? 0) + 1)
      },
      () => failed++
    )
    if (number % 500 === 499) await new Promise(resolve => setImmediate(resolve))
  }
  const answered = () => [...answers.values()].reduce((sum, count) => sum + count, 0)
  const active = () => siege.watch.metric('axon_commands_active')
  for (
    const endMs = Date.now() + 60_000;
    answered() + (await active()) < commandCount && Date.now() < endMs;
  )
    await pause(100)
  const refused = answers.get('AXONIQ-1900') ?? 0
  // While the transport is behind, permits are no use, and more than the permits say find the queue full.
  t.ok(refused >= commandCount - permits - queueMax, 'those beyond permits and queue are refused')
  t.equal(refused, answered(), 'with AXONIQ-1900')
  t.ok(commandCount - refused > queueMax, 'the others wait')
  t.comment(
    `${commandCount} commands in ${Date.now() - startMs} ms, ${mebibytes(siege.residentBytes - before)} more`
  )
  await siege.othersAreServed(1_000)
  t.ok(siege.residentBytes - before < 512 * mebibyte, 'memory stays bounded')

  stream.cancel()
  for (const endMs = Date.now() + 30_000; answered() < commandCount && Date.now() < endMs; ) await pause(50)
  t.equal(answers.get('AXONIQ-4001'), permits, 'what the handler had got is lost with it')
  t.equal(answers.get('AXONIQ-4000'), commandCount - refused - permits, 'what waited finds no handler')
  t.equal(failed, 0, 'every caller has an answer')
  handler.close()
  for (const caller of callers) caller.close()
  await siege.isOver(['axon_commands_active'])
})

t.test('a subscriber that does not read is cut off', async t => {
  const siege = await Siege.lay(t)
  const before = siege.residentBytes
  const flood = await floodSubscriber(siege.server)
  let most = 0
  for (const endMs = Date.now() + 60_000; !flood.isCutOff() && Date.now() < endMs; ) {
    most = Math.max(most, siege.residentBytes - before)
    await pause(50)
  }
  t.ok(flood.isCutOff(), 'it is cut off')
  t.comment(`after ${flood.updates()} updates of 10 KB, at most ${mebibytes(most)} more`)
  t.ok(most < 256 * mebibyte, 'memory stays bounded')
  await siege.othersAreServed(1_000)
  flood.close()
  await siege.isOver()
})
