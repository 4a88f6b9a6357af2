import { token } from './token.js'

export interface LogMethod {
  (fields: object, message: string): void
  (message: string): void
}

/** What the product logs through; pino satisfies it. Constant messages, data in the fields, never payloads or secrets. */
export interface Logger {
  readonly trace: LogMethod
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  /** `logger` names an area as operators know it (`io.axoniq.axonserver.grpc`); other bindings are fields. */
  child(bindings: { readonly logger?: string; readonly [key: string]: unknown }): Logger
}

export const Logger = token<Logger>('kernel/Logger@1')

const silent: LogMethod = () => {}

/** For tests and tools that have nothing to say. */
export const silentLogger: Logger = {
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  child: () => silentLogger
}
