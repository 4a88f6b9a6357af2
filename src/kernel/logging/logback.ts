import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

export interface LogbackFiles {
  /** For everything. */
  readonly main: string
  /** For loggers below AUDIT. */
  readonly audit: string | undefined
}

const fileBytesMax = 1024 * 1024

/**
 * The log files that a Logback configuration is likely to write. The usual ones have a file for everything and one for the
 * audit log; names made of variables are replaced by the usual names. Undefined: there is no such file.
 */
export function logbackFiles(path: string, cwd: string): LogbackFiles | undefined {
  const xml = readXml(path)
  if (xml === undefined) return undefined
  const files = [...xml.matchAll(/<file>\s*([^<\s]+)\s*<\/file>/gi)].map(match => match[1]!)
  const known = files.filter(file => !file.includes('${'))
  const main = known.find(file => !/audit/i.test(file)) ?? 'axonserver.log'
  const audit =
    known.find(file => /audit/i.test(file)) ?? (/\bAUDIT\b/.test(xml) ? 'axonserver-AUDIT.log' : undefined)
  return { main: resolve(cwd, main), audit: audit && resolve(cwd, audit) }
}

function readXml(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || stat.size > fileBytesMax) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined
    throw error
  }
}
