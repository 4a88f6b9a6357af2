import { type Contexts, ContextsToken } from '../../src/cluster/index.js'
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
import { actuatorRoutes } from './actuator/actuator-routes.js'
import { clientRoutes } from './client-routes.js'
import { contextRoutes } from './context-routes.js'
import { handlerRoutes } from './handler-routes.js'
import { HttpListener } from './http-listener.js'
import type { HttpServerOptions, Routes } from './http-server.js'
import { always, diskSpace, readiness } from './node-health.js'
import { nodeRoutes } from './node-routes.js'
import { processorRoutes } from './processor-routes.js'
import { type RestOptions, restOptions } from './rest-options.js'

const PREFIX = 'axoniq.axonserver'
const listeners = new WeakMap<Services, HttpListener[]>()

/** The HTTP port: health, figures, contexts, applications. */
export default definePlugin({
  name: 'rest',
  version: '1.0.0',
  kernel: '^0.1.0',
  requires: [ContextsToken, MessagingToken, KernelInfo, Logger],
  collects: [HealthCheck, MetricsSource],
  start: async ({ services, settings, log }) => {
    const options = restOptions(settings)
    const { hosts, port, contextPath, trustProxy, actuatorPort } = options
    const actuator = actuatorRoutes(actuatorOptions(services, settings, options))
    const common: Omit<HttpServerOptions, 'contextPath'> = {
      product: services.get(KernelInfo).product,
      version: productVersion(services, settings),
      trustProxy,
      log: log.child({ logger: 'io.axoniq.axonserver.rest' })
    }
    const main = new HttpListener({ ...common, hosts, port, portProperty: 'server.port', contextPath })
    listeners.set(services, [main])
    const routes = apiRoutes(services, settings, () => main.port)
    await main.listen(actuatorPort === undefined ? [actuator, ...routes] : routes)
    if (actuatorPort === undefined) return
    const portProperty = 'management.server.port'
    const own = new HttpListener({ ...common, hosts, port: actuatorPort, portProperty, contextPath: '' })
    listeners.set(services, [main, own])
    await own.listen([actuator]).catch(async error => {
      await main.close()
      throw error
    })
  },
  stop: async ({ services }) => {
    await Promise.all((listeners.get(services) ?? []).map(listener => listener.close()))
  }
})

function actuatorOptions(services: Services, settings: Settings, options: RestOptions) {
  const info = services.get(KernelInfo)
  const contexts = services.get(ContextsToken)
  const app = {
    name: settings.string('info.app.name') ?? info.product,
    description: settings.string('info.app.description') ?? info.product,
    version: productVersion(services, settings)
  }
  return {
    basePath: options.actuatorPath,
    exposes: options.exposes,
    app: options.showsInfo ? app : undefined,
    checks: [
      ...services.all(HealthCheck),
      always('ping'),
      ...(options.livenessState ? [always('livenessState')] : []),
      ...(options.readinessState ? [readiness(() => info.phase === 'ready')] : []),
      diskSpace({
        stores: () => storeDirectories(settings, contexts),
        thresholdBytes: settings.number('management.health.diskspace.threshold')
      })
    ],
    showDetails: options.showDetails,
    probes: options.probes,
    sources: services.all(MetricsSource),
    nodeName: services.get(MessagingToken).node.name
  }
}

function apiRoutes(services: Services, settings: Settings, port: () => number): Routes[] {
  const contexts = services.get(ContextsToken)
  const messaging = services.get(MessagingToken)
  const developmentMode = settings.boolean(`${PREFIX}.devmode.enabled`)
  return [
    nodeRoutes({
      node: () => ({ ...messaging.node, httpPort: port() }),
      contexts,
      authentication: settings.boolean(`${PREFIX}.accesscontrol.enabled`),
      ssl: settings.boolean(`${PREFIX}.ssl.enabled`),
      developmentMode,
      pluginsEnabled: settings.boolean(`${PREFIX}.plugins-enabled`),
      product: services.get(KernelInfo).product,
      version: productVersion(services, settings)
    }),
    contextRoutes(contexts, { developmentMode }),
    clientRoutes(messaging),
    handlerRoutes(messaging, () => contexts.list().map(({ context }) => context)),
    processorRoutes(messaging)
  ]
}

function productVersion(services: Services, settings: Settings): string {
  return settings.string('info.app.version') ?? services.get(KernelInfo).protocolVersion
}

/** What health calls the stores, and where they are. All contexts keep their events below one directory. */
function storeDirectories(settings: Settings, contexts: Contexts): ReadonlyMap<string, string> {
  const events = settings.string(`${PREFIX}.event.storage`)!
  return new Map([
    ...contexts.list().map(({ context }) => [`${context}-event`, events] as const),
    ['state', settings.string(`${PREFIX}.controldb-path`)!],
    ['journal', settings.string('myelin.journal.directory')!]
  ])
}
