import type { ConnectedClient, Messaging } from '../../src/messaging/index.js'
import type { Routes } from './http-server.js'
import { contextFilter, pathParameter, requiredQuery } from './parameters.js'

/** Connected applications and what they handle. */
export function clientRoutes(messaging: Messaging, contextNames: () => readonly string[]): Routes {
  const instance = (client: ConnectedClient) => ({
    name: client.clientId,
    componentName: client.componentName,
    context: client.context,
    axonServerNode: messaging.node.name,
    tags: Object.fromEntries(client.tags)
  })
  return app => {
    app.get('/v1/components/clients', async () => [...messaging.clients.all()].map(instance))

    app.get('/v1/components/:component/instances', async request => {
      const contexts = contextFilter(request)
      return [...messaging.clients.all()]
        .filter(client => client.componentName === pathParameter(request, 'component'))
        .filter(client => contexts === undefined || contexts.has(client.context))
        .map(instance)
    })

    app.get('/v1/components/:component/commands', async request => {
      const component = pathParameter(request, 'component')
      const contexts = contextFilter(request)
      const registrations = [...(contexts ?? contextNames())].flatMap(context => [
        ...messaging.commands.registrations(context)
      ])
      const names = registrations
        .filter(({ componentName }) => componentName === component)
        .map(({ name }) => name)
      return [...new Set(names)].sort().map(name => ({ name }))
    })

    app.patch('/v1/instructions', async (request, reply) => {
      const clientId = requiredQuery(request, 'client')
      const isConnected = messaging.platform.requestReconnect(clientId, 'requested by an operator')
      const outcome = isConnected ? 'requested reconnect' : 'not connected to this server'
      return reply.type('text/plain; charset=utf-8').send(`${clientId}: ${outcome}`)
    })
  }
}
