import { fileURLToPath } from 'node:url'
import { Clock } from '../clock.js'
import { KernelInfo, type PluginInfo } from '../kernel-info.js'
import { Logger } from '../logger.js'
import type { Plugin, PropertyDeclaration } from '../plugin.js'
import type { Product } from '../product.js'
import { Settings } from '../settings.js'
import type { Token } from '../token.js'
import { type LoadTimer, loadPlugins } from './load-plugins.js'
import { orderPlugins } from './plugin-order.js'
import { collectDeclarations } from './property-claims.js'
import { chooseServices } from './service-choice.js'

/** The plugins that will run, checked as far as that is possible before any of their work is done. */
export interface Selection {
  /** In the order of their start. */
  readonly plugins: readonly Plugin[]
  readonly providers: ReadonlyMap<Token<unknown>, Plugin>
  readonly replaced: readonly Plugin[]
  readonly declarations: readonly PropertyDeclaration[]
  readonly infos: readonly PluginInfo[]
}

export interface SelectionOptions {
  readonly cwd: string
  readonly product: Product
  /** Instead of `myelin.plugins`. */
  readonly plugins?: readonly (string | Plugin)[]
  /** Services that are there beside those of the kernel. */
  readonly givenServices?: readonly Token<unknown>[]
  readonly onLoaded?: LoadTimer
}

const kernelServices = [Settings, Logger, Clock, KernelInfo]
const builtIn = fileURLToPath(new URL('../../../plugins', import.meta.url))

/** Loads the plugins that the properties name, decides who provides what, and puts them in order. */
export async function selectPlugins(settings: Settings, options: SelectionOptions): Promise<Selection> {
  const places = { builtIn, cwd: options.cwd, path: settings.list('myelin.plugin-path') }
  const list = options.plugins ?? settings.list('myelin.plugins')
  const loaded = await loadPlugins(list, places, options.product, options.onLoaded)
  const choice = chooseServices(
    loaded.map(({ plugin }) => plugin),
    settings.map('myelin.services')
  )
  const plugins = orderPlugins(choice, new Set([...kernelServices, ...(options.givenServices ?? [])]))
  return {
    plugins,
    providers: choice.providers,
    replaced: choice.replaced,
    declarations: collectDeclarations(plugins),
    infos: plugins.map(plugin => ({
      name: plugin.name,
      version: plugin.version,
      origin: loaded.find(other => other.plugin === plugin)!.origin
    }))
  }
}
