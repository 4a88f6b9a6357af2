import validRange from 'semver/ranges/valid.js'
import { KernelError } from '../kernel-error.js'
import type { Plugin } from '../plugin.js'
import type { LocatedPlugin } from './located-plugin.js'

type Check = (value: unknown) => string | undefined

const text: Check = value => (typeof value === 'string' && value !== '' ? undefined : 'must be a text')
const fn: Check = value => (typeof value === 'function' ? undefined : 'must be a function')
const tokens = arrayOf(
  'tokens',
  item => typeof item === 'symbol' && item.description?.startsWith('myelin:') === true
)
const deadline: Check = value =>
  typeof value === 'number' && value > 0 ? undefined : 'must be a number of milliseconds above 0'

const required: Readonly<Record<string, Check>> = {
  name: value =>
    text(value) ?? (isName(value as string) ? undefined : 'must be a name such as audit or @acme/audit'),
  version: text,
  kernel: value =>
    text(value) ??
    (validRange(value as string) === null ? 'must be a range of versions such as ^1.0.0' : undefined)
}

const optional: Readonly<Record<string, Check>> = {
  owns: arrayOf('property names', item => typeof item === 'string'),
  config: arrayOf('property declarations with name, type, default and doc', isDeclaration),
  provides: tokens,
  requires: tokens,
  optional: tokens,
  extends: tokens,
  collects: tokens,
  startDeadlineMs: deadline,
  stopDeadlineMs: deadline,
  register: fn,
  start: fn,
  stop: fn
}

/** What a plugin exports is somebody else's object: nothing of it is believed before it was looked at. */
export function checkManifest(
  exported: unknown,
  { written: plugin, file }: Pick<LocatedPlugin, 'written' | 'file'>
): Plugin {
  const faults = faultsOf(exported)
  if (faults.length > 0)
    throw new KernelError('KERNEL_PLUGIN_MANIFEST', { plugin, file, faults: faults.join('; ') })
  return exported as Plugin
}

function faultsOf(exported: unknown): string[] {
  if (typeof exported !== 'object' || exported === null) return ['it must be an object']
  const fields = exported as Readonly<Record<string, unknown>>
  const faults: string[] = []
  for (const [name, check] of Object.entries(required)) note(name, check(fields[name]))
  for (const [name, check] of Object.entries(optional)) {
    if (fields[name] !== undefined) note(name, check(fields[name]))
  }
  for (const name of Object.keys(fields)) {
    if (!(name in required) && !(name in optional)) note(name, 'is not a field that a plugin has')
  }
  return faults

  function note(name: string, fault: string | undefined): void {
    if (fault !== undefined) faults.push(`${name} ${fault}`)
  }
}

function arrayOf(what: string, isGood: (item: unknown) => boolean): Check {
  return value => (Array.isArray(value) && value.every(isGood) ? undefined : `must be an array of ${what}`)
}

function isName(name: string): boolean {
  return /^(@[\w.~-]+\/)?[\w.~-]+$/.test(name)
}

const types = new Set(['string', 'boolean', 'int', 'float', 'duration', 'dataSize', 'list', 'path'])

function isDeclaration(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false
  const { name, type, doc, default: value } = item as Readonly<Record<string, unknown>>
  const isDefault = value === null || ['string', 'number', 'boolean'].includes(typeof value)
  return (
    typeof name === 'string' &&
    /^[a-z][\w.-]*$/.test(name) &&
    types.has(type as string) &&
    typeof doc === 'string' &&
    isDefault
  )
}
