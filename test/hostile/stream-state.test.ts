import t from 'tap'
import { BytesClient } from '../../bench/client.js'
import { CommandProviderInbound, CommandProviderOutbound } from '../../src/wire/generated/command.js'
import { GetEventsRequest } from '../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage } from '../../src/wire/index.js'
import { subscription } from './support/good-client.js'
import { grpcHeaders, grpcMessage, RawConnection } from './support/raw-connection.js'
import { pause } from './support/server-watch.js'
import { Siege } from './support/siege.js'

const commandService = '/io.axoniq.axonserver.grpc.command.CommandService/OpenStream'
const listEvents = '/io.axoniq.axonserver.grpc.event.EventStore/ListEvents'

t.setTimeout(120_000)

t.test('a stream registers ten thousand commands and not one more', async t => {
  const siege = await Siege.lay(t)
  const client = new BytesClient(siege.server.address)
  t.teardown(() => client.close())
  const stream = client.duplex(commandService)
  stream.on('error', () => {})
  const acknowledged = new Set<string>()
  stream.on('data', (bytes: Buffer) => {
    const { request } = decodeMessage(CommandProviderInbound, bytes)
    if (request?.$case === 'ack') acknowledged.add(request.value.instructionId)
  })
  const send = (request: NonNullable<CommandProviderOutbound['request']>, instructionId: string) =>
    stream.write(encodeMessage(CommandProviderOutbound, { request, instructionId }))
  for (let number = 0; number < 10_020; number++)
    send({ $case: 'subscribe', value: subscription(`command-${number}`, 'greedy') }, `${number}`)
  send({ $case: 'subscribe', value: subscription('command-0', 'greedy') }, 'again')
  for (const endMs = Date.now() + 30_000; !acknowledged.has('again') && Date.now() < endMs; ) await pause(20)
  t.equal(acknowledged.size, 10_001, 'ten thousand are acknowledged, and the one that was there before')
  t.notOk(acknowledged.has('10000'), 'the others are not')
  await siege.server.waitFor(/is not logged/, 5_000)
  const complaints = siege.server.output.match(/could not be processed/g)?.length
  t.equal(complaints, 10, 'the log says it ten times, then that it says it no more')
  await siege.othersAreServed(500)
  stream.cancel()
  client.close()
  await siege.isOver()
})

t.test('nonsense on a handler stream does not fill the log', async t => {
  const siege = await Siege.lay(t)
  const connection = new RawConnection(siege.server.grpcPort)
  await connection.ready
  const id = connection.call(commandService, grpcHeaders, () => {})
  const nonsense = Buffer.concat(Array<Buffer>(1_000).fill(grpcMessage(Buffer.from([0x0a, 0x7f]))))
  const lengthBefore = siege.server.output.length
  for (let batch = 0; batch < 20; batch++) await connection.writeAll(id, nonsense)
  await siege.othersAreServed(500)
  t.ok(siege.server.output.length - lengthBefore < 10_000, 'twenty thousand messages make a few lines')
  connection.close()
  await siege.isOver()
})

t.test('a stream leaves out ten thousand types of events; those beyond are sent', async t => {
  const siege = await Siege.lay(t)
  const client = new BytesClient(siege.server.address)
  t.teardown(() => client.close())
  const others = Array.from({ length: 10_000 }, (_, number) => ({ type: `Other${number}`, revision: '' }))
  const happened = { type: 'Happened', revision: '' }
  t.equal(await receives(client, [...others.slice(1), happened]), false, 'the ten thousandth is left out')
  t.equal(await receives(client, [...others, happened]), true, 'the next one is sent')
  client.close()
  await siege.isOver(['myelin_event_trackers'])
})

/** Whether the events that the other client has appended are sent within half a second. */
async function receives(client: BytesClient, blacklist: GetEventsRequest['blacklist']): Promise<boolean> {
  const call = client.duplex(listEvents)
  let isReceived = false
  call.on('error', () => {})
  call.on('data', () => {
    isReceived = true
  })
  const request: GetEventsRequest = {
    trackingToken: 0,
    numberOfPermits: 1,
    clientId: 'picky',
    componentName: 'picky',
    processor: 'picky',
    blacklist,
    forceReadFromLeader: false
  }
  call.write(encodeMessage(GetEventsRequest, request))
  for (const endMs = Date.now() + 500; !isReceived && Date.now() < endMs; ) await pause(10)
  call.cancel()
  return isReceived
}
