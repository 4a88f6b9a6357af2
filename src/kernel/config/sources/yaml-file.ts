import { createRequire } from 'node:module'
import type { Document, LineCounter } from 'yaml'
import { ConfigurationError } from '../configuration-error.js'
import type { RawEntry } from './source.js'
import { flattenTree } from './tree.js'

/** Loaded at first use: reading the library takes longer than the whole rest, and most installations have no YAML file. */
function loadYaml(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml')
}

export interface YamlDocument {
  readonly entries: readonly RawEntry[]
  /** `spring.config.activate.on-profile`: the document counts only with one of these profiles. */
  readonly profiles: readonly string[] | undefined
}

const onProfile = ['spring.config.activate.on-profile', 'spring.profiles']

export function parseYaml(text: string, label: string): YamlDocument[] {
  const yaml = loadYaml()
  const lines = new yaml.LineCounter()
  // The failsafe schema keeps every scalar as it is written: a token such as 123e4 is no number.
  const documents = yaml.parseAllDocuments(text, {
    schema: 'failsafe',
    merge: true,
    prettyErrors: false,
    lineCounter: lines
  })
  return (Array.isArray(documents) ? documents : []).map(document => readDocument(document, lines, label))
}

function readDocument(document: Document, lines: LineCounter, label: string): YamlDocument {
  const error = document.errors[0]
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0])
    // The words of the library may quote the file, which may hold secrets.
    throw new ConfigurationError([`${label}:${line}: this is not valid YAML, column ${col} (${error.code}).`])
  }
  const entries = flattenTree(toTree(document, label), path => `${label}:${lineOf(document, lines, path)}`)
  const condition = entries.find(entry => onProfile.includes(entry.key))
  return {
    entries: entries.filter(entry => entry !== condition),
    profiles:
      condition && [condition.value ?? []].flat().flatMap(value => value.split(',').map(item => item.trim()))
  }
}

function toTree(document: Document, label: string): unknown {
  try {
    return document.toJS()
  } catch {
    throw new ConfigurationError([
      `${label}: an alias (*name) of this YAML has no anchor, or there are too many.`
    ])
  }
}

/** The line of the key, or of the nearest node above it where the key came from an alias. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  const { isMap, isScalar } = loadYaml()
  let node: unknown = document.contents
  let offset = 0
  for (const step of path) {
    if (!isMap(node)) break
    const pair = node.items.find(item => isScalar(item.key) && item.key.value === step)
    if (pair === undefined) break
    if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0]
    node = pair.value
  }
  return lines.linePos(offset).line
}
