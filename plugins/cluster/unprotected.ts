import type { Settings } from '../../src/kernel/index.js'

/** Settings that promise protection which no plugin of this version gives. */
const PROTECTIONS = [
  'axoniq.axonserver.accesscontrol.enabled',
  'axoniq.axonserver.ssl.enabled',
  'server.ssl.enabled'
]
const HTTPS_KEYS = ['server.ssl.key-store', 'server.ssl.certificate']

/** Refuses to start a node that its operator believes to be protected and that would be open. */
export function refuseUnprotected(settings: Settings): void {
  const wanted = PROTECTIONS.filter(name => settings.isSet(name) && settings.boolean(name))
  if (!isSwitchedOff(settings)) wanted.push(...HTTPS_KEYS.filter(name => settings.isSet(name)))
  if (wanted.length === 0) return
  throw new Error(
    `${wanted.join(' and ')} ask for access control or TLS, which this version does not have: the node would be open to everybody. Remove the setting and protect the ports by other means, or wait for a version with it`
  )
}

function isSwitchedOff(settings: Settings): boolean {
  return settings.isSet('server.ssl.enabled') && !settings.boolean('server.ssl.enabled')
}
