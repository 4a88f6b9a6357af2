import { normaliseKey } from '../config/key.js'
import { propertyTable } from '../config/property-table.js'
import { KernelError } from '../kernel-error.js'
import type { Plugin, PropertyDeclaration } from '../plugin.js'

interface Claim {
  readonly name: string
  readonly owner: string
}

/** The properties that plugins bring along; none may be one that Myelin or another plugin has. */
export function collectDeclarations(plugins: readonly Plugin[]): PropertyDeclaration[] {
  refuseSharedOwnership(plugins)
  if (plugins.every(({ config = [] }) => config.length === 0)) return []
  const known = new Map<string, string>(ownNames().map(name => [normaliseKey(name), 'Myelin']))
  for (const plugin of plugins) {
    for (const { name } of plugin.config ?? []) {
      const owner = known.get(normaliseKey(name))
      if (owner !== undefined) throw clash({ name, owner: plugin.name }, owner)
      known.set(normaliseKey(name), plugin.name)
    }
  }
  return plugins.flatMap(({ config = [] }) => config)
}

function ownNames(): string[] {
  return propertyTable.flatMap(({ name, aliases = [] }) => [name, ...aliases])
}

/** `owns` names properties of the table, or prefixes with a dot at the end; two plugins cannot own the same. */
function refuseSharedOwnership(plugins: readonly Plugin[]): void {
  const claims: Claim[] = []
  for (const { name: owner, owns = [] } of plugins) {
    for (const name of owns) {
      const other = claims.find(claim => claim.owner !== owner && overlap(claim.name, name))
      if (other !== undefined) throw clash({ name, owner }, other.owner)
      claims.push({ name, owner })
    }
  }
}

function overlap(a: string, b: string): boolean {
  return a === b || (a.endsWith('.') && b.startsWith(a)) || (b.endsWith('.') && a.startsWith(b))
}

function clash({ name, owner: plugin }: Claim, owner: string): KernelError {
  return new KernelError('KERNEL_PROPERTY_CLASH', { property: name, plugin, owner })
}
