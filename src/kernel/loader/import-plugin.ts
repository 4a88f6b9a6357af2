import { pathToFileURL } from 'node:url'
import { KernelError, reasonOf } from '../kernel-error.js'
import type { LocatedPlugin } from './located-plugin.js'

/** Runs the plugin's file and gives what it exports by default: an ES module's default, or CommonJS `module.exports`. */
export async function importPlugin(located: LocatedPlugin): Promise<unknown> {
  const namespace = await importFile(located)
  const exported = withoutInterop(namespace.default)
  if (exported === undefined || isEmptyObject(exported)) {
    throw new KernelError('KERNEL_PLUGIN_EXPORT', { plugin: located.written, file: located.file })
  }
  return exported
}

async function importFile({ written: plugin, file }: LocatedPlugin): Promise<{ readonly default?: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
  } catch (error) {
    const reason = reasonOf(error)
    const options = { cause: error }
    if (error instanceof SyntaxError)
      throw new KernelError('KERNEL_PLUGIN_SYNTAX', { plugin, file, reason }, options)
    throw new KernelError('KERNEL_PLUGIN_IMPORT', { plugin, file, reason }, options)
  }
}

/** Compiled CommonJS has its default export in a field of that name. */
function withoutInterop(exported: unknown): unknown {
  const isInterop =
    typeof exported === 'object' && exported !== null && '__esModule' in exported && 'default' in exported
  return isInterop ? exported.default : exported
}

/** `module.exports` of a CommonJS file that exports nothing. */
function isEmptyObject(exported: unknown): boolean {
  return typeof exported === 'object' && exported !== null && Object.keys(exported).length === 0
}
