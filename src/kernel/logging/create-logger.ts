import { pid } from 'node:process'
import { isMainThread, threadId } from 'node:worker_threads'
import { type Logger as PinoLogger, pino } from 'pino'
import type { Logger } from '../logger.js'
import type { Settings } from '../settings.js'
import { boundLogger } from './bound-logger.js'
import { ConsoleOutput, type LogStream } from './console-output.js'
import { type Level, parseLevel } from './level.js'
import { LevelTable, type LoggerLevel } from './level-table.js'
import { type LogFiles, openLogFiles, type Report } from './log-files.js'
import { type LogRecord, textLine } from './text-layout.js'

export interface LoggerControl {
  readonly logger: Logger
  /** Changes the level of a logger and of all below it that have none of their own; undefined takes its level away. */
  setLevel(name: string, level: Level | undefined): void
  /** Configured and known loggers by name, `ROOT` first. */
  levels(): ReadonlyMap<string, LoggerLevel>
  /** Records that could not be written, because standard output or a file did not take them. */
  droppedRecords(): number
  /** Writes what is waiting and closes the files. */
  close(): Promise<void>
}

const defaultName = 'io.axoniq.axonserver'
const ownName = 'io.axoniq.axonserver.logging'

export function createLogger(
  settings: Settings,
  output: LogStream = process.stdout,
  cwd = process.cwd()
): LoggerControl {
  const levels = new LevelTable(configuredLevels(settings))
  const console = new ConsoleOutput(output)
  const early: Parameters<Report>[] = []
  let report: Report = (fields, message) => early.push([fields, message])
  const files = openLogFiles(settings, cwd, (fields, message) => report(fields, message))
  const logger = boundLogger({ levels, pino: createPino(settings, console, files) }, { logger: defaultName })
  report = logger.child({ logger: ownName }).warn
  for (const warning of early) report(...warning)
  return {
    logger,
    setLevel: (name, level) => levels.set(name, level),
    levels: () => levels.entries(),
    droppedRecords: () => console.droppedRecords + files.droppedRecords(),
    async close() {
      await console.close()
      files.close()
    }
  }
}

function* configuredLevels(settings: Settings): Iterable<readonly [string, Level]> {
  for (const [name, text] of settings.map('logging.level')) {
    const level = parseLevel(text)
    if (level !== undefined) yield [name, level]
  }
}

/** pino turns records into JSON, each record at once; from there they are laid out and written. */
function createPino(settings: Settings, console: ConsoleOutput, files: LogFiles): PinoLogger {
  const isJson = settings.string('logging.format') === 'json'
  const write = (json: string) => {
    const record = JSON.parse(json) as LogRecord
    // Written anew, because pino repeats a name that is both a binding and a field.
    const line = isJson ? `${JSON.stringify(record)}\n` : textLine(record, pid)
    console.write(line)
    files.write(line, /^audit(\.|$)/i.test(record.logger))
  }
  return pino(
    {
      level: 'trace',
      base: { thread: isMainThread ? 'main' : `worker-${threadId}` },
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label.toUpperCase() }) }
    },
    { write }
  )
}
