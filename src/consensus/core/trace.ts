export const TraceLevel = { debug: 0, info: 1, warn: 2, error: 3 } as const
export type TraceLevel = (typeof TraceLevel)[keyof typeof TraceLevel]

/** Receives what a group does, in words. Texts are built only where the sink wants their level. */
export interface TraceSink {
  readonly level: TraceLevel
  write(level: TraceLevel, text: string): void
}

export class Trace {
  constructor(private readonly sink: TraceSink | undefined) {}

  debug(text: () => string): void {
    this.#write(TraceLevel.debug, text)
  }

  info(text: () => string): void {
    this.#write(TraceLevel.info, text)
  }

  warn(text: () => string): void {
    this.#write(TraceLevel.warn, text)
  }

  error(text: () => string): void {
    this.#write(TraceLevel.error, text)
  }

  #write(level: TraceLevel, text: () => string): void {
    if (this.sink !== undefined && level >= this.sink.level) this.sink.write(level, text())
  }
}
