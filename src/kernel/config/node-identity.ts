import { isIP } from 'node:net'
import type { Settings } from '../settings.js'

export interface NodeIdentity {
  readonly name: string
  readonly hostname: string
  readonly domain: string
  /** What clients are told: host, or host.domain. */
  readonly advertisedHost: string
  readonly internalHostname: string
  readonly internalDomain: string
  /** What other nodes are told. */
  readonly internalAdvertisedHost: string
  /** For the log. */
  readonly warnings: readonly string[]
}

interface Host {
  readonly hostname: string
  readonly domain: string
}

const prefix = 'axoniq.axonserver'

/** Works out the names of this node from what is configured and from the host name of the operating system. */
export function nodeIdentity(settings: Settings, osHostname: string): NodeIdentity {
  const warnings: string[] = []
  const external = externalHost(settings, osHostname, warnings)
  const internal = internalHost(settings, external, warnings)
  const internalIsSet = configured(settings, 'internal-hostname') !== undefined
  const ownName = internalIsSet ? internal.hostname : firstLabel(osHostname)
  for (const domain of new Set([external.domain, internal.domain])) warnAboutTemplate(domain, warnings)
  return {
    name: configured(settings, 'name') ?? ownName,
    ...external,
    advertisedHost: advertised(external),
    internalHostname: internal.hostname,
    internalDomain: internal.domain,
    internalAdvertisedHost: advertised(internal),
    warnings
  }
}

function externalHost(settings: Settings, osHostname: string, warnings: string[]): Host {
  const domain = configured(settings, 'domain')
  const hostname = configured(settings, 'hostname')
  if (hostname !== undefined) {
    const osDomain = isLocal(hostname) ? '' : afterFirstDot(osHostname)
    return split(hostname, domain, osDomain, `${prefix}.hostname`, warnings)
  }
  if (domain !== undefined && osHostname.endsWith(`.${domain}`)) {
    return { hostname: osHostname.slice(0, -domain.length - 1), domain }
  }
  return isIP(osHostname) !== 0
    ? { hostname: osHostname, domain: domain ?? '' }
    : { hostname: firstLabel(osHostname), domain: domain ?? afterFirstDot(osHostname) }
}

function internalHost(settings: Settings, external: Host, warnings: string[]): Host {
  const domain = internalDomain(settings)
  const hostname = configured(settings, 'internal-hostname')
  if (hostname === undefined) return { hostname: external.hostname, domain: domain ?? external.domain }
  return split(hostname, domain, external.domain, `${prefix}.internal-hostname`, warnings)
}

/** An empty internal domain means none only where that is allowed expressly. */
function internalDomain(settings: Settings): string | undefined {
  const allowEmpty = settings.boolean(`${prefix}.experimental.allow-empty-domain`)
  const isEmpty = settings.string(`${prefix}.internal-domain`) === ''
  return allowEmpty && isEmpty ? '' : configured(settings, 'internal-domain')
}

function split(
  configuredHost: string,
  domain: string | undefined,
  otherDomain: string,
  property: string,
  warnings: string[]
): Host {
  if (isAddress(configuredHost)) {
    warnings.push(
      `${property} is ${configuredHost} and is taken as an IP address. Names survive a change of address.`
    )
    return { hostname: configuredHost, domain: domain ?? '' }
  }
  const rest = afterFirstDot(configuredHost)
  if (rest !== '' && domain !== undefined && domain !== rest) {
    warnings.push(
      `${property} is ${configuredHost}; .${rest} is dropped, because the domain is set to ${domain}.`
    )
  }
  return { hostname: firstLabel(configuredHost), domain: domain ?? (rest === '' ? otherDomain : rest) }
}

/** Whatever begins with a digit counts as an IPv4 address and is never split. */
function isAddress(host: string): boolean {
  return /^\d/.test(host) || isIP(host) !== 0
}

/** `localhost.example.com` would be nobody. */
function isLocal(host: string): boolean {
  return host.toLowerCase() === 'localhost'
}

function advertised({ hostname, domain }: Host): string {
  return domain === '' || isIP(hostname) !== 0 ? hostname : `${hostname}.${domain}`
}

function firstLabel(host: string): string {
  const dot = host.indexOf('.')
  return dot < 0 || isIP(host) !== 0 ? host : host.slice(0, dot)
}

function afterFirstDot(host: string): string {
  const dot = host.indexOf('.')
  return dot < 0 || isIP(host) !== 0 ? '' : host.slice(dot + 1)
}

function warnAboutTemplate(domain: string, warnings: string[]): void {
  if (!/__\w+__|\$\{|\{\{|</.test(domain)) return
  warnings.push(
    `The domain ${domain} looks like a placeholder that nothing replaced; clients will not find this node.`
  )
}

function configured(settings: Settings, name: string): string | undefined {
  return settings.string(`${prefix}.${name}`) || undefined
}
