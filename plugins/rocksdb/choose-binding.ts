import semver from 'semver'
import { type Binding, bindingNamed, bindings } from './bindings.js'
import { describeBinding, type InstalledBinding } from './installed-binding.js'
import type { Verdict } from './probe.js'
import type { StoreMarker } from './store-marker.js'

export interface ChooseBindingOptions {
  readonly directory: string
  /** myelin.storage.engine: `auto`, or the name of a binding. */
  readonly setting: string
  readonly marker: StoreMarker | undefined
  /** `Node 24.21.0 on linux-x64 (glibc)` */
  readonly here: string
  readonly find: (binding: Binding) => InstalledBinding | undefined
  readonly verify: (installed: InstalledBinding) => Promise<Verdict>
}

export interface Choice {
  readonly installed: InstalledBinding
  /** Why those before it were not taken. */
  readonly passedOver: readonly string[]
}

/** The first that is installed, may open the directory, and works. The one that wrote the directory is asked first. */
export async function chooseBinding(options: ChooseBindingOptions): Promise<Choice> {
  const passedOver: string[] = []
  for (const binding of candidates(options)) {
    const installed = options.find(binding)
    const objection = await objectionTo(binding, installed, options)
    if (objection === undefined) return { installed: installed!, passedOver }
    passedOver.push(`${binding.name}: ${objection}`)
  }
  throw new Error(refusal(options, passedOver))
}

function candidates({ setting, marker }: ChooseBindingOptions): readonly Binding[] {
  if (setting !== 'auto') {
    const forced = bindingNamed(setting)
    if (forced !== undefined) return [forced]
    throw new Error(
      `myelin.storage.engine=${setting} is not known: set auto, ${bindings.map(({ name }) => name).join(', ')}`
    )
  }
  return [...bindings].sort((a, b) => Number(b.name === marker?.binding) - Number(a.name === marker?.binding))
}

async function objectionTo(
  binding: Binding,
  installed: InstalledBinding | undefined,
  { marker, verify }: ChooseBindingOptions
): Promise<string | undefined> {
  if (installed === undefined) return `the package ${binding.packageName} is not installed`
  const mismatch = marker === undefined ? undefined : mismatchWith(marker, installed)
  if (mismatch !== undefined) return mismatch
  const { works, why } = await verify(installed)
  return works ? undefined : why
}

/** An engine may open what an older one of its family wrote. Never what a newer one wrote, nor another family's files. */
function mismatchWith(marker: StoreMarker, installed: InstalledBinding): string | undefined {
  const { binding, version, engineVersion } = installed
  if (marker.family !== binding.family) {
    return `${describeBinding(installed)} destroys what ${marker.binding} ${marker.bindingVersion} wrote`
  }
  if (marker.engineVersion !== undefined && engineVersion !== undefined) {
    if (compareVersions(engineVersion, marker.engineVersion) >= 0) return undefined
    return `${describeBinding(installed)} is older than the ${binding.engineName} ${marker.engineVersion} that wrote the directory`
  }
  if (marker.binding === binding.name && compareVersions(version, marker.bindingVersion) >= 0)
    return undefined
  return `whether ${describeBinding(installed)} can read what ${marker.binding} ${marker.bindingVersion} wrote can not be told`
}

function compareVersions(a: string, b: string): number {
  return semver.compare(semver.coerce(a) ?? '0.0.0', semver.coerce(b) ?? '0.0.0')
}

function refusal(
  { directory, setting, marker, here }: ChooseBindingOptions,
  passedOver: readonly string[]
): string {
  const reasons = passedOver.join('; ')
  if (marker !== undefined) {
    return `No storage engine may open ${directory}, which ${marker.binding} ${marker.bindingVersion} wrote, with ${here} (${reasons}). Run a Node version for which ${marker.binding} works with myelin.storage.engine=auto, or start this node with empty directories and restore a backup or let it join its cluster again`
  }
  if (setting !== 'auto') {
    return `myelin.storage.engine=${setting} does not work with ${here} (${reasons}). Set myelin.storage.engine=auto, or run a Node version that it supports`
  }
  return `No storage engine works with ${here} (${reasons}). Install one of the packages ${bindings.map(({ packageName }) => packageName).join(', ')}`
}
