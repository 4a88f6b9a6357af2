import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { ConfigurationError } from '../configuration-error.js'

/** Where configuration files may lie: directories, or single files. Later ones win. */
export interface Location {
  readonly kind: 'directory' | 'file'
  readonly path: string
}

export interface LocationOptions {
  readonly cwd: string
  /** `spring.config.location`: instead of the usual places. */
  readonly location: readonly string[]
  /** `spring.config.additional-location`: after them. */
  readonly additional: readonly string[]
}

export function findLocations({ cwd, location, additional }: LocationOptions): Location[] {
  const usual = location.length > 0 ? location : ['optional:./', 'optional:./config/', 'optional:./config/*/']
  return [...usual, ...additional].flatMap(written => readLocation(written, cwd))
}

/** The variant of a file for a profile: `x.properties`, `x-prod.properties`. */
export function profileVariant(file: string, profile: string): string {
  const extension = extname(file)
  return join(dirname(file), `${basename(file, extension)}-${profile}${extension}`)
}

function readLocation(written: string, cwd: string): Location[] {
  const optional = written.startsWith('optional:')
  const place = written.replace(/^optional:/, '').replace(/^file:(\/\/)?/, '')
  if (place.startsWith('classpath:')) return []
  if (place.endsWith('*/') || place.endsWith('*'))
    return subdirectories(resolve(cwd, place.replace(/\*\/?$/, '')))
  const path = resolve(cwd, place)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return [{ kind: 'directory', path }]
  if (stat !== undefined) return [{ kind: 'file', path }]
  if (optional) return []
  throw new ConfigurationError([
    `spring.config.location names ${written}, which does not exist. Write optional:${written} if that is intended.`
  ])
}

/** In alphabetical order. Kubernetes keeps its own directories, which begin with a dot, beside the mounted files. */
function subdirectories(parent: string): Location[] {
  if (statSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) return []
  return readdirSync(parent)
    .filter(name => !name.startsWith('.'))
    .sort()
    .map(name => join(parent, name))
    .filter(path => statSync(path, { throwIfNoEntry: false })?.isDirectory())
    .map(path => ({ kind: 'directory', path }))
}
