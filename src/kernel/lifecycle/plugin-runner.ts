import type { Clock } from '../clock.js'
import { KernelError, reasonOf } from '../kernel-error.js'
import type { Logger } from '../logger.js'
import type { Plugin, PluginContext, Services } from '../plugin.js'
import type { Settings } from '../settings.js'
import type { BootTiming } from './boot-timing.js'
import { isLate, withDeadline } from './deadline.js'

const startDeadlineMs = 30_000
const stopDeadlineMs = 10_000

export interface RunnerOptions {
  readonly services: Services
  readonly settings: Settings
  readonly clock: Clock
  readonly timing: BootTiming
  logOf(plugin: Plugin): Logger
}

/** Starts plugins in order and stops those that started in reverse. */
export class PluginRunner {
  readonly #started: Plugin[] = []

  constructor(private readonly options: RunnerOptions) {}

  /** The first failure ends it, and what had started remains to be stopped. Aborting `cancel` is such a failure. */
  async start(plugins: readonly Plugin[], cancel: AbortSignal): Promise<void> {
    for (const plugin of plugins) {
      if (cancel.aborted) throw new KernelError('KERNEL_START_CANCELLED', { plugin: plugin.name })
      const startMs = performance.now()
      await this.#start(plugin, cancel)
      this.#started.push(plugin)
      this.options.timing.plugin('start', plugin.name, performance.now() - startMs)
    }
  }

  /** Stops everything that started, whatever happens on the way. */
  async stop(onFailure: (failure: KernelError) => void): Promise<void> {
    for (let plugin = this.#started.pop(); plugin !== undefined; plugin = this.#started.pop()) {
      const failure = await this.#stop(plugin)
      if (failure !== undefined) onFailure(failure)
    }
  }

  async #start(plugin: Plugin, cancel: AbortSignal): Promise<void> {
    const { name, startDeadlineMs: deadlineMs = startDeadlineMs } = plugin
    const step = new AbortController()
    const limits = { clock: this.options.clock, deadlineMs, cancel, graceMs: stopDeadlineMs }
    const abort = () => step.abort(cancel.reason)
    cancel.addEventListener('abort', abort, { once: true })
    try {
      const result = await withDeadline(limits, () => plugin.start?.(this.#context(plugin, step.signal)))
      if (result !== isLate) return
      const late = new KernelError('KERNEL_START_TIMEOUT', { plugin: name, seconds: seconds(deadlineMs) })
      step.abort(late)
      throw late
    } catch (error) {
      if (cancel.aborted) throw new KernelError('KERNEL_START_CANCELLED', { plugin: name }, { cause: error })
      if (error instanceof KernelError && error.code === 'KERNEL_START_TIMEOUT') throw error
      throw new KernelError(
        'KERNEL_START_FAILED',
        { plugin: name, reason: reasonOf(error) },
        { cause: error }
      )
    } finally {
      cancel.removeEventListener('abort', abort)
    }
  }

  async #stop(plugin: Plugin): Promise<KernelError | undefined> {
    const { name, stopDeadlineMs: deadlineMs = stopDeadlineMs } = plugin
    const step = new AbortController()
    const limits = { clock: this.options.clock, deadlineMs }
    try {
      const result = await withDeadline(limits, () => plugin.stop?.(this.#context(plugin, step.signal)))
      if (result !== isLate) return undefined
      const late = new KernelError('KERNEL_STOP_TIMEOUT', { plugin: name, seconds: seconds(deadlineMs) })
      step.abort(late)
      return late
    } catch (error) {
      return new KernelError(
        'KERNEL_STOP_FAILED',
        { plugin: name, reason: reasonOf(error) },
        { cause: error }
      )
    }
  }

  #context(plugin: Plugin, signal: AbortSignal): PluginContext {
    const { services, settings } = this.options
    return { services, settings, log: this.options.logOf(plugin), signal }
  }
}

function seconds(ms: number): string {
  return String(ms / 1000)
}
