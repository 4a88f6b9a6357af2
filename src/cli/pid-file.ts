import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '../kernel/index.js'

const fileName = 'AxonIQ.pid'

/** Tells scripts which process the server is; nothing here depends on it, so its absence never stops the server. */
export class PidFile {
  private constructor(
    private readonly file: string,
    private readonly content: string,
    private readonly log: Logger
  ) {}

  static write(directory: string, log: Logger): PidFile {
    const pidFile = new PidFile(join(directory, fileName), `${process.pid}@${hostname()}`, log)
    pidFile.#write(directory)
    return pidFile
  }

  /** Leaves the file of a server that has replaced ours. */
  remove(): void {
    try {
      if (existsSync(this.file) && readFileSync(this.file, 'utf8').trim() === this.content) rmSync(this.file)
    } catch (error) {
      this.log.warn({ file: this.file, error }, 'the process id file could not be removed')
    }
  }

  #write(directory: string): void {
    try {
      mkdirSync(directory, { recursive: true })
      if (existsSync(this.file)) this.#warnAboutOther()
      writeFileSync(this.file, `${this.content}\n`)
    } catch (error) {
      this.log.warn(
        { file: this.file, error },
        'the process id file could not be written; the server starts without'
      )
    }
  }

  #warnAboutOther(): void {
    this.log.warn(
      { file: this.file, content: readFileSync(this.file, 'utf8').trim() },
      'a process id file is there already: the last stop was not clean, or another server runs in this directory; it is replaced'
    )
  }
}
