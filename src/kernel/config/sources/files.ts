import { readFileSync, statSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { ConfigurationError } from '../configuration-error.js'
import type { PropertyIndex } from '../property-index.js'
import { type Location, profileVariant } from './locations.js'
import { parseProperties } from './properties-file.js'
import { matchFileEntries, type RawEntry, type Source } from './source.js'
import { parseYaml } from './yaml-file.js'

/** In one directory the last one wins. */
const extensions = ['.yaml', '.yml', '.properties']
const fileBytesMax = 4 * 1024 * 1024

export interface FileReader {
  /** The files without a profile. */
  base(): FileSource[]
  /** Their variants for one profile. */
  forProfile(profile: string): FileSource[]
}

/** A file, or one document of a YAML file. */
export interface FileSource extends Source {
  readonly profiles: readonly string[] | undefined
}

export function fileReader(
  locations: readonly Location[],
  baseName: string,
  cwd: string,
  index: PropertyIndex
): FileReader {
  const read = (file: string) => readConfigurationFile(file, cwd, index)
  const files = locations.flatMap(({ kind, path }) =>
    kind === 'file' ? [path] : extensions.map(extension => join(path, baseName + extension))
  )
  return {
    base: () => files.flatMap(read),
    forProfile: profile => files.flatMap(file => read(profileVariant(file, profile)))
  }
}

function readConfigurationFile(file: string, cwd: string, index: PropertyIndex): FileSource[] {
  const label = labelOf(file, cwd)
  const text = readText(file, label)
  if (text === undefined) return []
  if (extname(file) !== '.yml' && extname(file) !== '.yaml') {
    return [source(parseProperties(text, label), index, undefined)]
  }
  return parseYaml(text, label).map(document => source(document.entries, index, document.profiles))
}

function source(
  entries: readonly RawEntry[],
  index: PropertyIndex,
  profiles: readonly string[] | undefined
): FileSource {
  return { ...matchFileEntries(entries, index), profiles }
}

function labelOf(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path.startsWith('..') ? file : path
}

/** Follows symbolic links, as mounted configuration needs. Undefined: there is no such file. */
function readText(file: string, label: string): string | undefined {
  try {
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    if (!stat.isFile()) throw new ConfigurationError([`${label}: expected a file; this is something else.`])
    if (stat.size > fileBytesMax)
      throw new ConfigurationError([`${label}: larger than ${fileBytesMax} bytes.`])
    return decode(readFileSync(file))
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const code = (error as NodeJS.ErrnoException).code
    throw new ConfigurationError([
      `${label}: this file cannot be read (${code}). Check its owner and its mode.`
    ])
  }
}

/** Files are UTF-8; older ones are Latin-1, as Java's property files used to be. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1').replace(/^\uFEFF/, '')
  }
}
