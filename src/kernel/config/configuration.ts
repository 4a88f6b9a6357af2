import type { PropertyDeclaration } from '../plugin.js'
import type { Settings } from '../settings.js'
import { ConfigurationError } from './configuration-error.js'
import { type EffectiveProperty, effectiveProperties } from './effective.js'
import type { Property } from './property.js'
import { PropertyIndex } from './property-index.js'
import { propertyTable } from './property-table.js'
import { type ResolvedValues, resolveValues } from './resolved-values.js'
import { validate } from './schema.js'
import { SettingsView } from './settings-view.js'
import { gatherSources, type Surroundings } from './sources/gather.js'
import { matchFileEntries, type Source } from './sources/source.js'
import { unknownKeys } from './unknown-keys.js'

export interface LoadOptions extends Surroundings {
  /** Properties that third-party plugins bring along. */
  readonly declarations?: readonly PropertyDeclaration[]
}

export interface Configuration {
  readonly settings: Settings
  /** For the log at WARN: nothing that stops the start, but hardly what was meant. */
  readonly warnings: readonly string[]
  /** For the log at INFO: properties that are set and have no effect here. */
  readonly notes: readonly string[]
  /** For the log at DEBUG: keys of other programs in the same files. */
  readonly otherKeys: readonly string[]
  /** All properties with their values, secrets masked, and where each value comes from. */
  effective(): readonly EffectiveProperty[]
}

/** A configuration that may be wrong. */
export interface Reading extends Configuration {
  readonly problems: readonly string[]
}

export function loadConfiguration(options: LoadOptions): Configuration {
  const reading = readConfiguration(options)
  const strict = reading.problems.length === 0 && reading.settings.boolean('myelin.config.strict')
  const problems = strict ? reading.warnings : reading.problems
  if (problems.length > 0) throw new ConfigurationError(problems)
  return reading
}

/** Settings with these values and defaults for the rest; neither files nor environment are read. */
export function settingsFrom(
  values: Readonly<Record<string, string | number | boolean>>,
  cwd = process.cwd()
): Settings {
  const index = builtInIndex()
  const entries = Object.entries(values).map(([key, value]) => ({
    key,
    value: String(value),
    where: 'settingsFrom'
  }))
  const source = matchFileEntries(entries, index)
  const problems = source.unknown.map(({ key }) => `no property is declared as ${key}`)
  const reading = interpret([source], index, {}, cwd)
  if (problems.length + reading.problems.length > 0)
    throw new ConfigurationError([...problems, ...reading.problems])
  return reading.settings
}

/** As `loadConfiguration`, without throwing for values that are wrong. */
export function readConfiguration(options: LoadOptions): Reading {
  const index = indexWith(options.declarations ?? [])
  const sources = gatherSources(options, index)
  return interpret(sources, index, options.env, options.cwd)
}

function interpret(
  sources: readonly Source[],
  index: PropertyIndex,
  env: NodeJS.ProcessEnv,
  cwd: string
): Reading {
  const resolved = resolveValues(sources, index, env)
  const validation = validate(index.properties, resolved.set.values())
  const unknown = unknownKeys(sources, index)
  const { values } = validation
  return {
    settings: new SettingsView({ index, values, set: resolved.set, cwd }),
    problems: [...sources.flatMap(source => source.problems), ...resolved.problems, ...validation.problems],
    warnings: [...resolved.warnings, ...unknown.warnings],
    notes: notesOf(resolved, env),
    otherKeys: unknown.others,
    effective: () => effectiveProperties(index.properties, resolved.set)
  }
}

function notesOf({ set }: ResolvedValues, env: NodeJS.ProcessEnv): string[] {
  const notes: string[] = []
  if (env.AXONIQ_LICENSE !== undefined) notes.push('AXONIQ_LICENSE has no effect. No license is needed.')
  for (const { match, where } of set.values()) {
    if (match.property.accepted !== undefined) {
      notes.push(`${match.name} (${where}) has no effect. ${match.property.accepted}`)
    }
  }
  return notes
}

let builtIn: PropertyIndex | undefined

function builtInIndex(): PropertyIndex {
  builtIn ??= new PropertyIndex(propertyTable)
  return builtIn
}

function indexWith(declarations: readonly PropertyDeclaration[]): PropertyIndex {
  if (declarations.length === 0) return builtInIndex()
  const names = new PropertyIndex(declarations.map(fromDeclaration))
  const problems = declarations
    .filter(
      ({ name }, i) =>
        builtInIndex().has(name) || declarations.some((other, j) => j < i && other.name === name)
    )
    .map(({ name }) => `The property ${name} is declared twice; a plugin must use names of its own.`)
  if (problems.length > 0) throw new ConfigurationError(problems)
  return new PropertyIndex([...propertyTable, ...names.properties])
}

function fromDeclaration({ name, type, default: value, doc, sensitive }: PropertyDeclaration): Property {
  return {
    name,
    group: 'Plugins',
    type,
    default: value === null ? null : String(value),
    doc,
    ...(sensitive !== undefined && { sensitive })
  }
}
