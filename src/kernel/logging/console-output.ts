/** As much of `process.stdout` as is needed. */
export interface LogStream {
  write(text: string, done?: () => void): boolean
  readonly writableLength?: number
  on?(event: 'error', listener: (error: Error) => void): unknown
}

const waitingBytesMax = 1024 * 1024
const closeDeadlineMs = 1000

const broken = new WeakSet<LogStream>()
const guarded = new WeakSet<LogStream>()

/** Writes to standard output. A reader that went away or that does not read costs records, never the server. */
export class ConsoleOutput {
  droppedRecords = 0

  constructor(private readonly stream: LogStream) {
    if (guarded.has(stream)) return
    guarded.add(stream)
    // Without a listener a closed pipe (EPIPE) would end the process.
    stream.on?.('error', error => {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') broken.add(stream)
    })
  }

  write(line: string): void {
    if (broken.has(this.stream) || (this.stream.writableLength ?? 0) > waitingBytesMax) this.droppedRecords++
    else this.stream.write(line)
  }

  /** Resolves when everything is written, or after a second. */
  close(): Promise<void> {
    if (broken.has(this.stream)) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, closeDeadlineMs)
      this.stream.write('', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
