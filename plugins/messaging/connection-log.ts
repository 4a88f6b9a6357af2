import type { Logger } from '../../src/kernel/index.js'
import type { Messaging } from '../../src/messaging/index.js'

/** Says who comes and goes, in the lines that operators search for. */
export function logConnections({ clients, platform }: Messaging, log: Logger): void {
  clients.addListener({
    clientConnected: ({ componentName, clientId, streamId, context }) =>
      log.info(
        `Application connected: ${componentName}, clientId = ${clientId}, clientStreamId = ${streamId}, context = ${context}`
      ),
    clientDisconnected: ({ componentName, streamId, context }, reason) =>
      log.info(
        `Application disconnected: ${componentName}, clientId = ${streamId}, context = ${context}: ${reason}`
      )
  })
  platform.addListener({
    clientSilent: ({ componentName, clientId, context }, timeoutMs) =>
      log.info(
        `Application inactivity timeout: ${componentName}, clientId = ${clientId}, context = ${context}: no heartbeat in ${timeoutMs} ms`
      ),
    reconnectRequested: ({ componentName, clientId, context }, reason) =>
      log.info(
        `Reconnect requested: ${componentName}, clientId = ${clientId}, context = ${context}: ${reason}`
      )
  })
}
