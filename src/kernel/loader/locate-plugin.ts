import { existsSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { KernelError } from '../kernel-error.js'
import type { LocatedPlugin } from './located-plugin.js'
import { readPackageFile } from './package-file.js'

export interface Places {
  /** Folder of the plugins that come with the product. */
  readonly builtIn: string
  readonly cwd: string
  /** `myelin.plugin-path` */
  readonly path: readonly string[]
}

/**
 * Finds what an entry of `myelin.plugins` means: a path (`./folder`, `/folder/file.js`), a plugin that comes with the product,
 * or a package. Nothing is loaded because it happens to lie somewhere.
 */
export function locatePlugin(written: string, places: Places): LocatedPlugin {
  if (isPath(written)) return locatePath(written, places.cwd)
  return locateBuiltIn(written, places.builtIn) ?? locatePackage(written, places)
}

function isPath(written: string): boolean {
  return isAbsolute(written) || /^\.\.?([/\\]|$)/.test(written)
}

function locatePath(written: string, cwd: string): LocatedPlugin {
  const path = resolve(cwd, written)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw notFound(written, [path])
  if (stat.isDirectory()) return inDirectory(written, path)
  return { written, origin: path, directory: dirname(path), file: path, isBuiltIn: false }
}

function locateBuiltIn(written: string, builtIn: string): LocatedPlugin | undefined {
  if (!/^[a-z0-9-]+$/.test(written)) return undefined
  const directory = join(builtIn, written)
  const file = join(directory, 'index.js')
  return existsSync(file) ? { written, origin: 'built-in', directory, file, isBuiltIn: true } : undefined
}

function locatePackage(written: string, { builtIn, cwd, path }: Places): LocatedPlugin {
  if (!isPackageName(written)) throw notFound(written, ['it is neither a path nor the name of a package'])
  const candidates = [
    ...upwards(cwd).map(directory => join(directory, 'node_modules', written)),
    ...path.flatMap(place =>
      [place, join(place, 'node_modules')].map(parent => resolve(cwd, parent, written))
    )
  ]
  const directory = candidates.find(candidate =>
    statSync(candidate, { throwIfNoEntry: false })?.isDirectory()
  )
  if (directory === undefined) throw notFound(written, [join(builtIn, written), ...candidates])
  return inDirectory(written, directory)
}

function inDirectory(written: string, directory: string): LocatedPlugin {
  const { entry } = readPackageFile(directory, written)
  const names =
    entry === undefined
      ? ['index.js', 'index.mjs', 'index.cjs']
      : [entry, `${entry}.js`, join(entry, 'index.js')]
  const files = names.map(name => resolve(directory, name))
  const file = files.find(candidate => statSync(candidate, { throwIfNoEntry: false })?.isFile())
  if (file === undefined) throw new KernelError('KERNEL_PLUGIN_EMPTY', { plugin: written, file: files[0]! })
  return { written, origin: directory, directory, file, isBuiltIn: false }
}

/** `name` or `@scope/name`, as npm permits them; nothing that leads out of a directory. */
function isPackageName(written: string): boolean {
  return /^(@[\w.~-]+\/)?[\w~-][\w.~-]*$/.test(written) && !written.split('/').includes('..')
}

function upwards(start: string): string[] {
  const directories = [resolve(start)]
  for (let parent = dirname(directories[0]!); parent !== directories.at(-1); parent = dirname(parent))
    directories.push(parent)
  return directories
}

function notFound(plugin: string, places: readonly string[]): KernelError {
  return new KernelError('KERNEL_PLUGIN_NOT_FOUND', { plugin, places: places.join(', ') })
}
