import type { Logger } from '../../kernel/index.js'
import { TraceLevel, type TraceSink } from '../core/index.js'

/** What a core says goes to the log at debug, but what an operator should know. */
export function traceTo(logger: Logger, group: number): TraceSink {
  return {
    level: TraceLevel.warn,
    write: (level, text) => {
      if (level === TraceLevel.error) logger.error({ group, text }, 'raft')
      else logger.debug({ group, text }, 'raft')
    }
  }
}
