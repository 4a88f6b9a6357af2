import type { Settings } from '../../src/kernel/index.js'

export interface RestOptions {
  /** Tried in this order; IPv4 alone only where there is no IPv6. */
  readonly hosts: readonly string[]
  readonly port: number
  readonly contextPath: string
  readonly trustProxy: boolean
  /** Undefined: the actuator is on the same port as all else. */
  readonly actuatorPort: number | undefined
  readonly actuatorPath: string
  readonly exposes: (endpoint: string) => boolean
  readonly showDetails: boolean
  readonly probes: boolean
  /** Kernel states among the components of health. */
  readonly livenessState: boolean
  readonly readinessState: boolean
  readonly showsInfo: boolean
}

export function restOptions(settings: Settings): RestOptions {
  const port = settings.number('server.port')
  const host = settings.string('server.address')
  const actuatorPort = settings.number('management.server.port')
  return {
    hosts: host === undefined ? ['::', '0.0.0.0'] : [host],
    port,
    contextPath: pathPrefix(settings, 'server.servlet.context-path', ''),
    trustProxy: (settings.string('server.forward-headers-strategy') ?? 'none') !== 'none',
    actuatorPort: actuatorPort === port ? undefined : actuatorPort,
    actuatorPath: pathPrefix(settings, 'management.endpoints.web.base-path', '/actuator'),
    exposes: exposure(settings),
    showDetails: settings.string('management.endpoint.health.show-details') === 'always',
    probes: probes(settings),
    livenessState: settings.boolean('management.health.livenessstate.enabled'),
    readinessState: settings.boolean('management.health.readinessstate.enabled'),
    showsInfo: settings.boolean('management.info.env.enabled')
  }
}

/** A path in front of others: empty, or beginning with a slash. Slashes at its end are left out. */
function pathPrefix(settings: Settings, property: string, byDefault: string): string {
  const path = (settings.string(property) ?? byDefault).replace(/\/+$/, '')
  if (path === '' || /^(\/[\w.~-]+)+$/.test(path)) return path
  throw new Error(
    `${property} is "${path}": a path begins with "/" and has letters, digits, "-", "_", "." or "~"`
  )
}

function exposure(settings: Settings): (endpoint: string) => boolean {
  const included = settings.list('management.endpoints.web.exposure.include')
  const excluded = settings.list('management.endpoints.web.exposure.exclude')
  const has = (list: readonly string[], endpoint: string) => list.includes('*') || list.includes(endpoint)
  return endpoint => has(included, endpoint) && !has(excluded, endpoint)
}

/** There unless they are switched off: a probe that asks for nothing would take a healthy node for a dead one. */
function probes(settings: Settings): boolean {
  const property = 'management.endpoint.health.probes.enabled'
  return !settings.isSet(property) || settings.boolean(property)
}
