import type { ConnectedClient, Messaging } from '../../src/messaging/index.js'
import type { Routes } from './http-server.js'
import { contextFilter, pathParameter, requiredQuery } from './parameters.js'

/** Connected applications. */
export function clientRoutes(messaging: Messaging): Routes {
  const { clients, commands, queries, platform, node } = messaging
  const instance = (client: ConnectedClient) => ({
    name: client.clientId,
    componentName: client.componentName,
    context: client.context,
    axonServerNode: node.name,
    tags: Object.fromEntries(client.tags)
  })
  return app => {
    app.get('/v1/components/clients', async () => [...clients.all()].map(instance))

    app.get('/v1/components/clientIds', async () => ({
      PLATFORM: streamIds(clients.all()),
      COMMAND: streamIds(commands.handlers()),
      QUERY: streamIds(queries.handlers())
    }))

    app.get('/v1/components/:component/instances', async request => {
      const contexts = contextFilter(request)
      return [...clients.all()]
        .filter(client => client.componentName === pathParameter(request, 'component'))
        .filter(client => contexts === undefined || contexts.has(client.context))
        .map(instance)
    })

    app.patch('/v1/instructions', async (request, reply) => {
      const clientId = requiredQuery(request, 'client')
      const isConnected = platform.requestReconnect(clientId, 'requested by an operator')
      const outcome = isConnected ? 'requested reconnect' : 'not connected to this server'
      return reply.type('text/plain; charset=utf-8').send(`${clientId}: ${outcome}`)
    })
  }
}

interface OpenStream {
  readonly streamId: string
  readonly clientId: string
  readonly context: string
}

function streamIds(streams: Iterable<OpenStream>): Record<string, string> {
  return Object.fromEntries(
    [...streams].map(({ streamId, clientId, context }) => [streamId, `${clientId}.${context}`])
  )
}
