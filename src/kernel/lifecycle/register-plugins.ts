import type { Container } from '../container.js'
import { KernelError, reasonOf } from '../kernel-error.js'
import type { Logger } from '../logger.js'
import type { Plugin, ServiceRegistry, Services } from '../plugin.js'
import type { Settings } from '../settings.js'
import { serviceName, type Token } from '../token.js'

export interface Registration {
  readonly container: Container
  readonly settings: Settings
  /** Who provides what; a plugin that lost a service may bind it, and the binding is dropped. */
  readonly providers: ReadonlyMap<Token<unknown>, Plugin>
  logOf(plugin: Plugin): Logger
}

/** Lets every plugin bind its services, and holds it to what its declaration promises. */
export function registerPlugins(plugins: readonly Plugin[], registration: Registration): void {
  for (const plugin of plugins) registerPlugin(plugin, registration)
  for (const plugin of plugins) checkPromises(plugin, registration)
}

function registerPlugin(plugin: Plugin, registration: Registration): void {
  if (plugin.register === undefined) return
  const services = new PluginRegistry(plugin, registration)
  const { settings } = registration
  try {
    plugin.register({ services, settings, log: registration.logOf(plugin) })
  } catch (error) {
    if (error instanceof KernelError) throw error
    throw new KernelError(
      'KERNEL_REGISTER_FAILED',
      { plugin: plugin.name, reason: reasonOf(error) },
      { cause: error }
    )
  }
}

function checkPromises(plugin: Plugin, { container, providers }: Registration): void {
  for (const token of plugin.provides ?? []) {
    if (providers.get(token) === plugin && !container.isBound(token))
      throw new KernelError('KERNEL_SERVICE_UNBOUND', { plugin: plugin.name, service: serviceName(token) })
  }
}

/** The registry as one plugin sees it. */
class PluginRegistry implements ServiceRegistry {
  constructor(
    private readonly plugin: Plugin,
    private readonly registration: Registration
  ) {}

  bind<T>(token: Token<T>, factory: (services: Services) => T): void {
    this.#check(token, 'provides')
    const { container, providers } = this.registration
    if (providers.get(token) === this.plugin) container.bind(token, factory)
  }

  add<T>(token: Token<T>, factory: (services: Services) => T): void {
    this.#check(token, 'extends')
    this.registration.container.add(token, factory)
  }

  #check(token: Token<unknown>, list: 'provides' | 'extends'): void {
    if (this.plugin[list]?.includes(token)) return
    throw new KernelError('KERNEL_SERVICE_UNPROMISED', {
      plugin: this.plugin.name,
      service: serviceName(token),
      list
    })
  }
}
