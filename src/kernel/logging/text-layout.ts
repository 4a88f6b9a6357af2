import { safeText } from './fields.js'

/** A record as pino writes it. */
export interface LogRecord {
  readonly timestamp: string
  readonly level: string
  readonly thread: string
  readonly logger: string
  readonly message: string
  readonly exception?: string
  readonly [field: string]: unknown
}

const loggerWidth = 40
const loggerLengthMax = 39

/** `2022-08-01 10:11:12.123  INFO 1 --- [main] i.a.a.AxonServer : message key=value` */
export function textLine(record: LogRecord, pid: number): string {
  const { timestamp, level, thread, logger, message, exception, ...fields } = record
  const name = shortName(logger).padEnd(loggerWidth)
  const head = `${localTime(timestamp)} ${level.padStart(5)} ${pid} --- [${thread}] ${name} :`
  // A line that does not begin with a tab is a record; nothing in an exception can pass for one.
  const stack = exception === undefined ? '' : `\n${exception}`.replaceAll('\n', '\n\t')
  return `${head} ${safeText(message)}${fieldText(fields)}${stack}\n`
}

function fieldText(fields: Readonly<Record<string, unknown>>): string {
  let text = ''
  for (const [name, value] of Object.entries(fields)) text += ` ${name}=${valueText(value)}`
  return text
}

function valueText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

/** Shortens the elements of a long name from the left, as far as needed: `i.a.axonserver.grpc.Gateway`. */
export function shortName(logger: string): string {
  const elements = logger.split('.')
  let length = logger.length
  for (let i = 0; i < elements.length - 1 && length > loggerLengthMax; i++) {
    const element = elements[i]!
    length -= element.length - 1
    elements[i] = element.slice(0, 1)
  }
  return elements.join('.').slice(-loggerLengthMax)
}

function localTime(timestamp: string): string {
  const time = new Date(timestamp)
  const date = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`
  return `${date} ${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}
