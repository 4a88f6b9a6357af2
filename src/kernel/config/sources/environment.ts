import { ConfigurationError } from '../configuration-error.js'
import type { PropertyIndex } from '../property-index.js'
import { matchEntries, type RawEntry, type Source } from './source.js'
import { flattenTree } from './tree.js'

/** Variables that mean something else than the property they look like. */
const otherMeaning = new Set(['AXONIQ_LICENSE', 'SPRING_APPLICATION_JSON', 'JAVA_TOOL_OPTIONS', 'JAVA_OPTS'])

export function readEnvironment(env: NodeJS.ProcessEnv, index: PropertyIndex): Source {
  const entries: RawEntry[] = []
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || otherMeaning.has(name) || isServiceLink(name, value)) continue
    entries.push({ key: name, value, where: `environment variable ${name}` })
  }
  const source = matchEntries(entries, name => index.findEnvironment(name))
  return { ...source, unknown: source.unknown.filter(({ key }) => /^(axoniq|myelin)[._-]/i.test(key)) }
}

/**
 * Kubernetes tells every container about the services of its namespace. One that is called `myelin` gives MYELIN_PORT=tcp://...
 * and a dozen more, one that is called `server` gives SERVER_PORT.
 */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT)(_|$)/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))
  )
}

/** SPRING_APPLICATION_JSON, or the property of that name. */
export function parseJson(json: string, where: string): RawEntry[] {
  let tree: unknown
  try {
    tree = JSON.parse(json)
  } catch {
    throw new ConfigurationError([`${where}: expected an object in JSON, such as {"server":{"port":8024}}.`])
  }
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) {
    throw new ConfigurationError([`${where}: expected an object in JSON, such as {"server":{"port":8024}}.`])
  }
  return flattenTree(tree, () => where)
}
