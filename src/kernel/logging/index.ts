export type { LogStream } from './console-output.js'
export { createLogger, type LoggerControl } from './create-logger.js'
export { type Level, levels, parseLevel } from './level.js'
export type { LoggerLevel } from './level-table.js'
