import { parseList } from '../formats.js'
import type { PropertyIndex } from '../property-index.js'
import { resolveValues } from '../resolved-values.js'
import { parseArguments, parseJavaOptions } from './arguments.js'
import { parseJson, readEnvironment } from './environment.js'
import { type FileReader, type FileSource, fileReader } from './files.js'
import { findLocations } from './locations.js'
import { matchFileEntries, type RawEntry, type Source } from './source.js'

/** What the configuration is read from. */
export interface Surroundings {
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** Read this file instead of those in the usual places. */
  readonly file?: string
}

/** All sources, the weakest first. */
export function gatherSources(surroundings: Surroundings, index: PropertyIndex): Source[] {
  const given = givenSources(surroundings, index)
  const reader = readerOf(surroundings, given, index)
  const base = reader.base()
  const unconditional = base.filter(document => document.profiles === undefined)
  const profiles = listSetting(
    [...unconditional, ...given.all],
    'spring.profiles.active',
    index,
    surroundings.env
  )
  const applies = (document: FileSource) =>
    document.profiles?.some(profile => profiles.includes(profile)) ?? true
  const files = [...base, ...profiles.flatMap(profile => reader.forProfile(profile))].filter(applies)
  return [...files, ...given.all]
}

/** Environment, system properties, JSON, arguments: what does not lie in files. */
interface GivenSources {
  readonly all: readonly Source[]
  readonly options: Source
}

function givenSources({ argv, env }: Surroundings, index: PropertyIndex): GivenSources {
  const written = parseArguments(argv)
  const system = matchFileEntries([...parseJavaOptions(env), ...written.system], index)
  const options = matchFileEntries(written.options, index)
  const json = matchFileEntries(jsonEntries([...system.entries, ...options.entries], env), index)
  return { all: [readEnvironment(env, index), system, json, options], options }
}

function jsonEntries(entries: readonly RawEntry[], env: NodeJS.ProcessEnv): RawEntry[] {
  const property = entries.findLast(({ key }) => key === 'spring.application.json')
  if (property !== undefined) return parseJson([property.value ?? ''].flat().join(','), property.where)
  const variable = env.SPRING_APPLICATION_JSON
  return variable === undefined ? [] : parseJson(variable, 'environment variable SPRING_APPLICATION_JSON')
}

function readerOf({ cwd, env, file }: Surroundings, given: GivenSources, index: PropertyIndex): FileReader {
  const setting = (name: string) => listSetting(given.all, name, index, env)
  const locations = findLocations({
    cwd,
    location: file === undefined ? setting('spring.config.location') : [file],
    additional: file === undefined ? setting('spring.config.additional-location') : []
  })
  // The program fixes the name of its files; only the command line is asked for another one.
  const [baseName = 'axonserver'] = listSetting([given.options], 'spring.config.name', index, env)
  return fileReader(locations, baseName, cwd, index)
}

function listSetting(
  sources: readonly Source[],
  name: string,
  index: PropertyIndex,
  env: NodeJS.ProcessEnv
): readonly string[] {
  const value = resolveValues(sources, index, env).set.get(name)?.value ?? []
  return typeof value === 'string' ? parseList(value) : value
}
