import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GroupStatus } from '../../../src/consensus/index.js'
import { ServerProcess } from '../../support/server-process.js'
import { ProbeClient } from './probe-client.js'

const START_DEADLINE_MS = 60_000
const PROBE_STARTED = /Probe started on port: (\d+)/

export interface RaftProcessOptions {
  readonly name: string
  /** Where the others find its internal port, and clients its ports. */
  readonly host: string
  readonly properties: Readonly<Record<string, string>>
  readonly prefix?: readonly string[]
}

/** One node of a group of processes; keeps its directory over restarts. */
export class RaftProcess {
  readonly directory: string
  #server: ServerProcess | undefined
  #probe: ProbeClient | undefined
  #isPaused = false

  constructor(private readonly options: RaftProcessOptions) {
    this.directory = mkdtempSync(join(tmpdir(), `myelin-${options.name}-`))
  }

  get name(): string {
    return this.options.name
  }

  get host(): string {
    return this.options.host
  }

  get isRunning(): boolean {
    return this.#server !== undefined && this.#server.exitCode === null
  }

  /** It has started, so its ports are known; it may be stopped by a signal. */
  get isOpen(): boolean {
    return this.isRunning && this.#probe !== undefined
  }

  get isResponsive(): boolean {
    return this.isOpen && !this.#isPaused
  }

  get pid(): number {
    return this.#server!.pid
  }

  get output(): string {
    return this.#server?.output ?? ''
  }

  get exited(): Promise<number | null> {
    return this.#server!.exited
  }

  get grpcAddress(): string {
    return `${this.host}:${this.#port(/Gateway started on port: (\d+)/)}`
  }

  get probePort(): number {
    return this.#port(PROBE_STARTED)
  }

  get probe(): ProbeClient {
    if (this.#probe === undefined) throw new Error(`${this.name} is not running`)
    return this.#probe
  }

  async start(): Promise<void> {
    this.#isPaused = false
    const { properties, prefix = [] } = this.options
    this.#server = ServerProcess.launch({ directory: this.directory, properties, prefix })
    await this.#server.waitFor(/Started AxonServer/, START_DEADLINE_MS)
    this.#probe = await ProbeClient.connect(this.probePort, this.host)
  }

  status(): Promise<GroupStatus | undefined> {
    return this.probe.command<GroupStatus | undefined>('status')
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) process.kill(-this.pid, signal)
  }

  pause(): void {
    this.#isPaused = true
    this.signal('SIGSTOP')
  }

  resume(): void {
    this.signal('SIGCONT')
    this.#isPaused = false
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** As an operator stops it; the exit code. */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  remove(): void {
    this.#server?.remove()
  }

  #port(pattern: RegExp): number {
    return Number(pattern.exec(this.output)?.[1])
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const server = this.#server
    if (server === undefined) return null
    if (this.#isPaused) this.resume()
    const code = await server.stop(signal)
    this.#probe?.close()
    this.#probe = undefined
    return code
  }
}
