import { ContextsToken } from '../../src/cluster/index.js'
import {
  definePlugin,
  HealthCheck,
  KernelInfo,
  Logger,
  MetricsSource,
  type Services,
  type Settings
} from '../../src/kernel/index.js'
import { MessagingToken } from '../../src/messaging/index.js'
import { healthRoutes } from './actuator/health-routes.js'
import { infoRoutes } from './actuator/info-routes.js'
import { metricsRoutes } from './actuator/metrics-routes.js'
import { clientRoutes } from './client-routes.js'
import { contextRoutes } from './context-routes.js'
import { HttpListener } from './http-listener.js'
import type { Routes } from './http-server.js'
import { always, diskSpace, readiness } from './node-health.js'
import { nodeRoutes } from './node-routes.js'
import { processorRoutes } from './processor-routes.js'

const PREFIX = 'axoniq.axonserver'
const listeners = new WeakMap<Services, HttpListener>()

/** The HTTP port: health, figures, contexts, applications. */
export default definePlugin({
  name: 'rest',
  version: '1.0.0',
  kernel: '^0.1.0',
  requires: [ContextsToken, MessagingToken, KernelInfo, Logger],
  collects: [HealthCheck, MetricsSource],
  start: async ({ services, settings, log }) => {
    const listener = new HttpListener({
      host: settings.string('server.address'),
      port: settings.number('server.port'),
      product: services.get(KernelInfo).product,
      version: productVersion(services, settings),
      contextPath: settings.string('server.servlet.context-path') ?? '',
      log: log.child({ logger: 'io.axoniq.axonserver.rest' })
    })
    listeners.set(services, listener)
    await listener.listen(routes(services, settings, listener))
  },
  stop: async ({ services }) => listeners.get(services)?.close()
})

function routes(services: Services, settings: Settings, listener: HttpListener): Routes[] {
  const basePath = settings.string('management.endpoints.web.base-path') ?? '/actuator'
  const contexts = services.get(ContextsToken)
  const messaging = services.get(MessagingToken)
  const info = services.get(KernelInfo)
  const version = productVersion(services, settings)
  const developmentMode = settings.boolean(`${PREFIX}.devmode.enabled`)
  const node = () => ({ ...messaging.node, httpPort: listener.port })
  const checks = [
    ...services.all(HealthCheck),
    always('ping'),
    always('livenessState'),
    readiness(() => info.phase === 'ready'),
    diskSpace({
      stores: () => storeDirectories(settings),
      thresholdBytes: settings.number('management.health.diskspace.threshold')
    })
  ]
  const showDetails = settings.string('management.endpoint.health.show-details') === 'always'
  return [
    infoRoutes({
      basePath,
      name: settings.string('info.app.name') ?? info.product,
      description: settings.string('info.app.description') ?? info.product,
      version
    }),
    healthRoutes({ basePath, checks, showDetails }),
    metricsRoutes({ basePath, sources: services.all(MetricsSource), nodeName: messaging.node.name }),
    nodeRoutes({
      node,
      contexts,
      authentication: settings.boolean(`${PREFIX}.accesscontrol.enabled`),
      ssl: settings.boolean(`${PREFIX}.ssl.enabled`),
      developmentMode,
      pluginsEnabled: settings.boolean(`${PREFIX}.plugins-enabled`),
      product: info.product,
      version
    }),
    contextRoutes(contexts, { developmentMode }),
    clientRoutes(messaging, () => contexts.list().map(({ context }) => context)),
    processorRoutes(messaging)
  ]
}

function productVersion(services: Services, settings: Settings): string {
  return settings.isSet('info.app.version')
    ? settings.string('info.app.version')!
    : services.get(KernelInfo).protocolVersion
}

function storeDirectories(settings: Settings): ReadonlyMap<string, string> {
  return new Map([
    ['event', settings.string(`${PREFIX}.event.storage`)!],
    ['state', settings.string(`${PREFIX}.controldb-path`)!],
    ['journal', settings.string('myelin.journal.directory')!]
  ])
}
