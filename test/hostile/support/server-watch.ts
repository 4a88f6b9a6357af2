import { readFileSync } from 'node:fs'
import type { ServerProcess } from '../../support/server-process.js'

/** What a log must never say, whatever clients send. */
const bugs =
  /uncaughtException|unhandledRejection|unexpected error|failed unexpectedly|HTTP request failed|AssertionError|TypeError|RangeError|ReferenceError|Maximum call stack|MaxListenersExceeded|ERR_[A-Z_]+|out of memory/

/** Looks at a server from outside: its log, its memory, its gauges. */
export class ServerWatch {
  readonly findings: string[] = []
  #seen = ''
  readonly #timer: NodeJS.Timeout

  constructor(readonly server: ServerProcess) {
    this.#timer = setInterval(() => this.read(), 100)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.read()
  }

  /** Collects what is new in the log and wrong. */
  read(): void {
    const { output } = this.server
    const from = this.#seen === '' ? 0 : output.lastIndexOf(this.#seen) + this.#seen.length
    const fresh = output.slice(Math.max(0, from))
    if (fresh === '') return
    this.#seen = output.slice(-500)
    const lines = fresh.split('\n')
    for (let at = 0; at < lines.length && this.findings.length < 20; at++) {
      if (bugs.test(lines[at]!)) this.findings.push(lines.slice(Math.max(0, at - 1), at + 8).join('\n'))
    }
  }

  /** Bytes of memory of the process. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.server.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
  }

  /** Sum of all values of one metric. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`${this.server.url}/actuator/prometheus`)
    const lines = (await response.text()).split('\n')
    return lines
      .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  /** Waits until a metric has fallen to `value`; returns what it is then. */
  async settled(name: string, value: number, deadlineMs = 15_000): Promise<number> {
    const endMs = Date.now() + deadlineMs
    let seen = await this.metric(name)
    while (seen > value && Date.now() < endMs) {
      await pause(50)
      seen = await this.metric(name)
    }
    return seen
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

export const isFullRun = process.env.CI_FULL === '1'
