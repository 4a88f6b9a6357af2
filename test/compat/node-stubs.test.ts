import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { credentials, loadPackageDefinition } from '@grpc/grpc-js'
import axon from 'axon-server-node-api'
import t from 'tap'
import { ServerProcess } from '../support/server-process.js'

const AxonClient = axon.loadAxonClient(definition => loadPackageDefinition(definition))

t.test('the published stubs for Node work unchanged', async t => {
  const server = await ServerProcess.start()
  t.teardown(() => server.remove())
  t.teardown(() => server.stop())
  const channel = credentials.createInsecure()

  t.test('events are appended and read back', async t => {
    const store = new AxonClient.EventStore(server.address, channel)
    t.teardown(() => store.close())
    const id = randomUUID()
    await new Promise<void>((resolve, reject) => {
      const call = store.appendEvent((error, confirmation) => {
        if (error) reject(error)
        else {
          t.equal(confirmation.getSuccess(), true)
          resolve()
        }
      })
      for (let i = 0; i < 5; i++) call.write(event(id, i))
      call.end()
    })
    const request = new axon.GetAggregateEventsRequest()
    request.setAggregateId(id)
    const stream = store.listAggregateEvents(request)
    const sequences: number[] = []
    stream.on('data', (read: InstanceType<typeof axon.Event>) =>
      sequences.push(read.getAggregateSequenceNumber())
    )
    await once(stream, 'end')
    t.same(sequences, [0, 1, 2, 3, 4])
  })

  t.test('a command finds its handler', async t => {
    const commands = new AxonClient.CommandService(server.address, channel)
    t.teardown(() => commands.close())
    const handler = commands.openStream()
    t.teardown(() => handler.end())
    handler.on('error', () => {})
    const acknowledged = new Promise<void>(resolve => {
      handler.on('data', (inbound: InstanceType<typeof axon.CommandProviderInbound>) => {
        if (inbound.hasAck()) resolve()
        const command = inbound.getCommand()
        if (command !== undefined && inbound.hasCommand()) handler.write(answer(command))
      })
    })
    handler.write(subscription('greet'))
    handler.write(permits())
    await acknowledged
    const command = new axon.Command()
    command.setMessageIdentifier(randomUUID())
    command.setName('greet')
    const response = await new Promise<InstanceType<typeof axon.CommandResponse>>((resolve, reject) =>
      commands.dispatch(command, (error, response) => (error ? reject(error) : resolve(response)))
    )
    t.equal(response.getRequestIdentifier(), command.getMessageIdentifier())
    t.equal(response.getErrorCode(), '')
  })
})

function event(aggregateId: string, sequence: number) {
  const event = new axon.Event()
  event.setMessageIdentifier(randomUUID())
  event.setAggregateIdentifier(aggregateId)
  event.setAggregateSequenceNumber(sequence)
  event.setAggregateType('Order')
  event.setTimestamp(Date.now())
  return event
}

function subscription(name: string) {
  const subscribe = new axon.CommandSubscription()
  subscribe.setMessageId(randomUUID())
  subscribe.setCommand(name)
  subscribe.setClientId('node-1')
  subscribe.setComponentName('node')
  const outbound = new axon.CommandProviderOutbound()
  outbound.setInstructionId(randomUUID())
  outbound.setSubscribe(subscribe)
  return outbound
}

function permits() {
  const flow = new axon.FlowControl()
  flow.setClientId('node-1')
  flow.setPermits(100)
  const outbound = new axon.CommandProviderOutbound()
  outbound.setFlowControl(flow)
  return outbound
}

function answer(command: InstanceType<typeof axon.Command>) {
  const response = new axon.CommandResponse()
  response.setMessageIdentifier(randomUUID())
  response.setRequestIdentifier(command.getMessageIdentifier())
  const outbound = new axon.CommandProviderOutbound()
  outbound.setCommandResponse(response)
  return outbound
}
