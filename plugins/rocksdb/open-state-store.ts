import { join } from 'node:path'
import type { Logger } from '../../src/kernel/index.js'
import type { FileSystem } from '../../src/storage/index.js'
import { chooseBinding } from './choose-binding.js'
import { engineError } from './engine-errors.js'
import type { OpenedEngine } from './engine-session.js'
import { EngineStore } from './engine-store.js'
import { createEngine, describeBinding, findInstalled, type InstalledBinding } from './installed-binding.js'
import { probe } from './probe.js'
import { describeRuntime, thisRuntime } from './runtime.js'
import { engineLocation, MARKER_FORMAT, readMarker, type StoreMarker, writeMarker } from './store-marker.js'
import { VerdictCache } from './verdict-cache.js'
import { type VerdictSources, verifyBinding } from './verify-binding.js'

export interface StateStoreOptions {
  readonly directory: string
  /** myelin.storage.engine */
  readonly engine: string
  /** For the marker: who made the directory. */
  readonly createdBy: string
  readonly fs: FileSystem
  readonly log: Logger
}

/** The state store of a node. Nothing is read, chosen or loaded before it is opened. */
export function stateStore(options: StateStoreOptions): EngineStore {
  const { directory, fs, log } = options
  return new EngineStore({
    directory,
    log,
    openEngine: () => openEngine(options),
    freeBytes: () => fs.freeBytes(directory)
  })
}

/** The marker is read before an engine is loaded, and on disk before one first opens the directory. */
async function openEngine(options: StateStoreOptions): Promise<OpenedEngine> {
  const { directory, fs, log } = options
  const marker = await readMarker(fs, directory)
  const installed = await choose(options, marker)
  const next = markerFor(installed, options, marker)
  if (JSON.stringify(marker) !== JSON.stringify(next)) await writeMarker(fs, directory, next)
  const engine = createEngine(installed, engineLocation(directory))
  try {
    await engine.open({ createIfMissing: !next.isInitialized })
  } catch (error) {
    throw engineError(error, directory)
  }
  if (!next.isInitialized) await writeMarker(fs, directory, { ...next, isInitialized: true })
  const info = { engine: describeBinding(installed), persistent: true }
  log.info({ engine: info.engine, directory }, 'state store opened')
  return { engine, info }
}

function markerFor(
  { binding, version, engineVersion }: InstalledBinding,
  { createdBy, directory, log }: StateStoreOptions,
  before: StoreMarker | undefined
): StoreMarker {
  if (before !== undefined && before.binding !== binding.name) {
    const fields = { directory, from: before.binding, to: binding.name }
    log.warn(
      fields,
      'the state store goes over to a newer engine, and there is no way back to the one before'
    )
  }
  return {
    format: MARKER_FORMAT,
    family: binding.family,
    binding: binding.name,
    bindingVersion: version,
    ...(engineVersion === undefined ? {} : { engineVersion }),
    createdBy: before?.createdBy ?? createdBy,
    isInitialized: before?.isInitialized ?? false
  }
}

async function choose(
  { directory, engine, log }: StateStoreOptions,
  marker: StoreMarker | undefined
): Promise<InstalledBinding> {
  const runtime = thisRuntime()
  const cache = new VerdictCache(join(directory, 'bindings.json'), runtime)
  const sources: VerdictSources = {
    find: async installed => {
      const known = await cache.find(installed)
      // Whoever names a binding that failed may have repaired it.
      return known?.works === false && engine !== 'auto' ? undefined : known
    },
    remember: (installed, verdict) => cache.remember(installed, verdict),
    probe: installed => probe(installed, directory)
  }
  const { installed, passedOver } = await chooseBinding({
    directory,
    setting: engine,
    marker,
    here: describeRuntime(runtime),
    find: findInstalled,
    verify: candidate => verifyBinding(candidate, runtime, sources)
  })
  if (passedOver.length > 0)
    log.info({ engine: describeBinding(installed), passedOver }, 'storage engine chosen')
  return installed
}
