import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository } from './repository.js'

export interface ServerProcessOptions {
  /** Working directory; a new temporary one when absent, removed by `remove`. */
  readonly directory?: string
  /** `--name=value` arguments on top of free ports. */
  readonly properties?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Runs the server below another command, for example strace. */
  readonly prefix?: readonly string[]
  readonly standalone?: boolean
  readonly startDeadlineMs?: number
  /** Another Node executable than the one that runs the test. */
  readonly node?: string
}

const running = new Set<ServerProcess>()
// A test that dies must not leave servers behind.
process.once('exit', () => {
  for (const server of running) server.killNow()
})

/** The server as its users run it: the executable, in a directory of its own, on free ports. */
export class ServerProcess {
  output = ''
  grpcPort = 0
  httpPort = 0
  exitCode: number | null = null
  readonly exited: Promise<number | null>

  private constructor(
    readonly directory: string,
    private readonly child: ChildProcess
  ) {
    this.exited = new Promise(resolve => child.once('exit', code => resolve(code)))
    running.add(this)
    void this.exited.then(code => {
      this.exitCode = code ?? -1
      running.delete(this)
    })
    const collect = (chunk: Buffer) => {
      this.output = (this.output + chunk.toString('utf8')).slice(-1_000_000)
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
  }

  static async start(options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const server = ServerProcess.launch(options)
    await server.waitFor(/Started AxonServer/, options.startDeadlineMs ?? 30_000)
    server.grpcPort = Number(/Gateway started on port: (\d+)/.exec(server.output)?.[1])
    server.httpPort = Number(/started on port\(s\): (\d+)/.exec(server.output)?.[1])
    return server
  }

  /** Starts without waiting: for starts that are meant to fail. */
  static launch(options: ServerProcessOptions = {}): ServerProcess {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'myelin-server-'))
    const properties: Record<string, string> = {
      'axoniq.axonserver.hostname': 'localhost',
      'axoniq.axonserver.port': '0',
      'server.port': '0',
      ...(options.standalone === false ? {} : { 'axoniq.axonserver.standalone': 'true' }),
      ...options.properties
    }
    const command = [
      ...(options.prefix ?? []),
      options.node ?? process.execPath,
      join(repository, 'bin', 'myelin.cjs'),
      'start',
      ...Object.entries(properties).map(([name, value]) => `--${name}=${value}`)
    ]
    const [file, ...args] = command
    const child = spawn(file!, args, {
      cwd: directory,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own: what the server runs below, strace for example, ends together with it.
      detached: true
    })
    return new ServerProcess(directory, child)
  }

  get pid(): number {
    return this.child.pid!
  }

  get address(): string {
    return `localhost:${this.grpcPort}`
  }

  get url(): string {
    return `http://localhost:${this.httpPort}`
  }

  async waitFor(pattern: RegExp, deadlineMs: number): Promise<void> {
    const endMs = Date.now() + deadlineMs
    while (!pattern.test(this.output)) {
      if (this.exitCode !== null) throw new Error(`the server ended with ${this.exitCode}:\n${this.output}`)
      if (Date.now() > endMs) throw new Error(`no ${pattern} within ${deadlineMs} ms:\n${this.output}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  /** Ends the process and waits until it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', deadlineMs = 15_000): Promise<number | null> {
    this.#signal(signal)
    const timer = setTimeout(() => this.#signal('SIGKILL'), deadlineMs)
    const code = await this.exited
    clearTimeout(timer)
    return code
  }

  killNow(): void {
    this.#signal('SIGKILL')
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.exitCode === null) process.kill(-this.pid, signal)
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 })
  }
}
