import type { Logger as PinoLogger } from 'pino'
import type { Logger, LogMethod } from '../logger.js'
import { safeFields, safeText } from './fields.js'
import { type Level, rankOf } from './level.js'
import type { LevelTable } from './level-table.js'

export interface LoggerCore {
  readonly levels: LevelTable
  readonly pino: PinoLogger
}

type PinoMethod = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** A logger with these bindings. It looks its level up again only when some level has changed. */
export function boundLogger(core: LoggerCore, bindings: Readonly<Record<string, unknown>>): Logger {
  const name = safeText(String(bindings.logger))
  const { logger: _, ...fields } = bindings
  // Made from the root each time: pino would write a field twice that parent and child both have.
  const target = core.pino.child({ logger: name, ...safeFields(fields) })
  const { levels } = core
  levels.note(name)
  let version = -1
  let rank = 0
  const method = (pinoMethod: PinoMethod): LogMethod => {
    const ownRank = rankOf(pinoMethod.toUpperCase() as Level)
    return (first: object | string, message?: string) => {
      if (version !== levels.version) {
        version = levels.version
        rank = levels.rank(name)
      }
      if (ownRank < rank) return
      if (typeof first === 'string') target[pinoMethod](first)
      else target[pinoMethod](safeFields(first), message ?? '')
    }
  }
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: more => boundLogger(core, { ...bindings, ...more })
  }
}
