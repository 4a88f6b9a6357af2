import { KernelError } from '../kernel-error.js'
import type { Plugin } from '../plugin.js'
import type { Product } from '../product.js'
import { importPlugin } from './import-plugin.js'
import { locatePlugin, type Places } from './locate-plugin.js'
import type { LoadedPlugin, LocatedPlugin } from './located-plugin.js'
import { checkManifest } from './manifest-check.js'
import { checkPeers, checkVersion } from './peer-check.js'

/** Told how long the code of each plugin took to load. */
export type LoadTimer = (plugin: string, elapsedMs: number) => void

/**
 * Finds, checks and imports what `myelin.plugins` lists, in its order. The first failure ends it: no plugin is ever skipped.
 * A plugin may also be given as it is, by a program that embeds the kernel.
 */
export async function loadPlugins(
  list: readonly (string | Plugin)[],
  places: Places,
  product: Product,
  onLoaded: LoadTimer = () => {}
): Promise<LoadedPlugin[]> {
  const located = list.map(item => (typeof item === 'string' ? locatePlugin(item, places) : item))
  for (const one of located) if (isLocated(one)) checkPeers(one, product)
  const loaded: LoadedPlugin[] = []
  for (const one of located) {
    const startMs = performance.now()
    const next = await loadPlugin(one, product)
    refuseDuplicate(loaded, next)
    loaded.push(next)
    onLoaded(next.plugin.name, performance.now() - startMs)
  }
  return loaded
}

async function loadPlugin(item: LocatedPlugin | Plugin, product: Product): Promise<LoadedPlugin> {
  const place = isLocated(item) ? item : { written: item.name, file: givenOrigin, origin: givenOrigin }
  const plugin = checkManifest(isLocated(item) ? await importPlugin(item) : item, place)
  checkVersion(plugin.name, plugin.kernel, product.version)
  return { plugin, origin: place.origin }
}

const givenOrigin = 'given'

function isLocated(item: LocatedPlugin | Plugin): item is LocatedPlugin {
  return 'written' in item
}

function refuseDuplicate(loaded: readonly LoadedPlugin[], { plugin, origin }: LoadedPlugin): void {
  const first = loaded.find(other => other.plugin.name === plugin.name)
  if (first === undefined) return
  throw new KernelError('KERNEL_PLUGIN_DUPLICATE', {
    plugin: plugin.name,
    first: first.origin,
    second: origin
  })
}
