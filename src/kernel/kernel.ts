import { Clock, systemClock } from './clock.js'
import type { Configuration } from './config/configuration.js'
import { readBeforePlugins, readWithPlugins, type Surroundings } from './configure.js'
import { Container } from './container.js'
import { KernelError } from './kernel-error.js'
import { KernelInfo, type KernelPhase } from './kernel-info.js'
import { BootTiming } from './lifecycle/boot-timing.js'
import { PluginRunner } from './lifecycle/plugin-runner.js'
import { registerPlugins } from './lifecycle/register-plugins.js'
import { type Selection, selectPlugins } from './loader/select-plugins.js'
import { Logger } from './logger.js'
import { createLogger, type LoggerControl, type LogStream } from './logging/index.js'
import type { Plugin, Services } from './plugin.js'
import { protocolVersion, readProduct } from './product.js'
import { Settings } from './settings.js'
import type { Token } from './token.js'

export interface KernelOptions extends Surroundings {
  /** Instead of those that `myelin.plugins` lists. */
  readonly plugins?: readonly (string | Plugin)[]
  /** Services that exist from the beginning, for programs that embed the kernel. */
  readonly given?: readonly GivenService[]
  readonly clock?: Clock
  /** Where log lines go; standard output unless stated. */
  readonly output?: LogStream
  /** Gives up the start: what has started is stopped, and the start fails. */
  readonly cancel?: AbortSignal
}

export interface GivenService {
  readonly token: Token<unknown>
  readonly instance: unknown
}

const pluginLogger = 'io.axoniq.axonserver.plugin'

/** One running server: configuration, log, and the plugins that do everything else. */
export class Kernel {
  readonly log: Logger
  readonly #container = new Container()
  readonly #runner: PluginRunner
  #phase: KernelPhase = 'starting'
  #stopping: Promise<readonly KernelError[]> | undefined

  private constructor(
    private readonly options: KernelOptions,
    private readonly configuration: Configuration,
    private readonly selection: Selection,
    private readonly timing: BootTiming,
    readonly logging: LoggerControl
  ) {
    this.log = logging.logger.child({ logger: pluginLogger })
    this.#bindOwnServices()
    this.#runner = new PluginRunner({
      services: this.#container,
      settings: configuration.settings,
      clock: this.#container.get(Clock),
      timing,
      logOf: this.#logOf
    })
  }

  /** Everything up to the point where plugins begin to work: configuration, discovery, checks, order. Opens the log. */
  static async prepare(options: KernelOptions): Promise<Kernel> {
    const timing = new BootTiming()
    const first = await timing.phase('configuration', () => readBeforePlugins(options))
    const selection = await timing.phase('load', () =>
      selectPlugins(first.settings, {
        cwd: options.cwd,
        product: readProduct(),
        ...(options.plugins && { plugins: options.plugins }),
        givenServices: options.given?.map(({ token }) => token) ?? [],
        onLoaded: (plugin, elapsedMs) => timing.plugin('load', plugin, elapsedMs)
      })
    )
    const configuration = readWithPlugins(first, options, selection.declarations)
    const logging = createLogger(configuration.settings, options.output ?? process.stdout, options.cwd)
    return new Kernel(options, configuration, selection, timing, logging)
  }

  static async start(options: KernelOptions): Promise<Kernel> {
    const kernel = await Kernel.prepare(options)
    await kernel.start()
    return kernel
  }

  get services(): Services {
    return this.#container
  }

  get settings(): Settings {
    return this.configuration.settings
  }

  get info(): KernelInfo {
    return this.#container.get(KernelInfo)
  }

  /** Registers and starts the plugins. When that fails, what has started is stopped again, and the log is closed. */
  async start(): Promise<void> {
    this.#tellConfiguration()
    const cancel = this.options.cancel ?? new AbortController().signal
    const { plugins } = this.selection
    try {
      await this.timing.phase('register', () => this.#register())
      await this.timing.phase('start', () => this.#runner.start(plugins, cancel))
      if (cancel.aborted)
        throw new KernelError('KERNEL_START_CANCELLED', { plugin: plugins.at(-1)?.name ?? 'none' })
    } catch (error) {
      if (cancel.aborted) this.log.info('the start was cancelled')
      else this.#logFailure(error)
      await this.stop()
      throw error
    }
    this.#phase = 'ready'
    for (const line of this.explain()) this.log.debug(line)
  }

  /** Stops the plugins in reverse order and closes the log. Whoever does not stop well is reported, and does not keep the others. */
  stop(): Promise<readonly KernelError[]> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /** What the start consisted of, with times. */
  explain(): string[] {
    return this.timing.tree(`${this.info.product} ${this.info.version}`)
  }

  async #stop(): Promise<readonly KernelError[]> {
    this.#phase = 'stopping'
    const failures: KernelError[] = []
    await this.#runner.stop(failure => {
      this.log.error({ error: failure }, 'a plugin did not stop as it should')
      failures.push(failure)
    })
    await this.logging.close()
    return failures
  }

  /** What was foreseen needs no stack to be understood. */
  #logFailure(error: unknown): void {
    if (error instanceof KernelError) {
      this.log.error({ reason: error.message }, 'the start has failed')
      this.log.debug({ error }, 'where the start has failed')
    } else this.log.error({ error }, 'the start has failed')
  }

  #register(): void {
    registerPlugins(this.selection.plugins, {
      container: this.#container,
      settings: this.settings,
      providers: this.selection.providers,
      logOf: this.#logOf
    })
  }

  readonly #logOf = ({ name }: Plugin): Logger =>
    this.logging.logger.child({ logger: `${pluginLogger}.${name}` })

  #bindOwnServices(): void {
    const clock = this.options.clock ?? systemClock
    const info = this.#describe()
    this.#container.bind(Settings, () => this.settings)
    this.#container.bind(Logger, () => this.logging.logger)
    this.#container.bind(Clock, () => clock)
    this.#container.bind(KernelInfo, () => info)
    for (const { token, instance } of this.options.given ?? []) this.#container.bind(token, () => instance)
  }

  #describe(): KernelInfo {
    const { name, version } = readProduct()
    const phase = () => this.#phase
    return {
      product: name,
      version,
      protocolVersion,
      startedAtMs: Math.round(performance.timeOrigin),
      plugins: this.selection.infos,
      get phase() {
        return phase()
      }
    }
  }

  #tellConfiguration(): void {
    const { warnings, notes, otherKeys } = this.configuration
    const log = this.logging.logger.child({ logger: 'io.axoniq.axonserver.config' })
    for (const warning of warnings) log.warn(warning)
    for (const note of notes) log.info(note)
    if (otherKeys.length > 0) log.debug({ keys: otherKeys }, 'the configuration holds keys of other programs')
    for (const { name } of this.selection.replaced)
      this.log.info({ plugin: name }, 'a plugin is replaced and not started')
  }
}
