/** `myelin/testing`: a kernel for the tests of plugins, fakes, and the suites that replacements of services have to pass. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GivenService, Kernel } from './kernel/kernel.js'
import { ManualClock } from './kernel/manual-clock.js'
import type { Plugin, Services } from './kernel/plugin.js'
import type { Settings } from './kernel/settings.js'
import type { Token } from './kernel/token.js'

export { silentLogger } from './kernel/logger.js'
export { ManualClock } from './kernel/manual-clock.js'
export { MemoryKeyValueStore } from './storage/memory-key-value-store.js'
export {
  type StoreUnderTest,
  type SuiteTest,
  testKeyValueStore
} from './storage/testing/key-value-store-suite.js'
export type { GivenService }

export interface TestKernelOptions {
  /** Plugins as they are, or as they would stand in `myelin.plugins`; no others are loaded. */
  readonly plugins: readonly (Plugin | string)[]
  readonly properties?: Readonly<Record<string, string | number | boolean>>
  /** Stand-ins for the services that the plugins require; see `give`. */
  readonly services?: readonly GivenService[]
  /** Where relative paths start, of plugins too. */
  readonly cwd?: string
}

export interface LogEntry {
  readonly level: string
  readonly logger: string
  readonly message: string
  readonly [field: string]: unknown
}

export function give<T>(token: Token<T>, instance: T): GivenService {
  return { token, instance }
}

/**
 * A whole server for one test, without files, environment and ports of its own. Its clock stands still until the test advances
 * it, and so do deadlines.
 */
export class TestKernel {
  readonly log: LogEntry[] = []
  readonly clock = new ManualClock()
  #kernel: Kernel | undefined

  private constructor(
    /** An empty directory; removed by `stop`. */
    readonly directory: string
  ) {}

  static async start(options: TestKernelOptions): Promise<TestKernel> {
    const test = new TestKernel(await mkdtemp(join(tmpdir(), 'myelin-test-')))
    try {
      await test.#start(options)
      return test
    } catch (error) {
      await test.#removeDirectory()
      throw error
    }
  }

  get services(): Services {
    return this.#kernel!.services
  }

  get settings(): Settings {
    return this.#kernel!.settings
  }

  /** Stops the plugins; the first one that does not stop well is the error. */
  async stop(): Promise<void> {
    const failures = await this.#kernel!.stop()
    await this.#removeDirectory()
    if (failures[0] !== undefined) throw failures[0]
  }

  async #start({ plugins, properties = {}, services = [], cwd }: TestKernelOptions): Promise<void> {
    const all = { 'spring.config.location': 'optional:none/', 'logging.format': 'json', ...properties }
    this.#kernel = await Kernel.start({
      argv: Object.entries(all).map(([name, value]) => `--${name}=${value}`),
      env: {},
      cwd: cwd ?? this.directory,
      plugins,
      given: services,
      clock: this.clock,
      output: { write: (line, done) => this.#collect(line, done) }
    })
  }

  #collect(line: string, done?: () => void): boolean {
    if (line !== '') this.log.push(JSON.parse(line) as LogEntry)
    done?.()
    return true
  }

  #removeDirectory(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true, maxRetries: 3 })
  }
}
