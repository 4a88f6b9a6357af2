import { statfs } from 'node:fs/promises'
import type { HealthCheck } from '../../src/kernel/index.js'

export interface DiskSpaceOptions {
  /** Name of the store, for example `default-event`, to its directory. */
  readonly stores: () => ReadonlyMap<string, string>
  /** management.health.diskspace.threshold */
  readonly thresholdBytes: number
}

/** Free space of everything that stores data. */
export function diskSpace({ stores, thresholdBytes }: DiskSpaceOptions): HealthCheck {
  return {
    name: 'diskSpace',
    check: async () => {
      const details: Record<string, unknown> = {}
      let isLow = false
      for (const [name, path] of stores()) {
        const { bavail, blocks, bsize } = await statfs(path)
        const free = bavail * bsize
        details[name] = { path, free, total: blocks * bsize }
        isLow ||= free < thresholdBytes
      }
      return { status: isLow ? 'WARN' : 'UP', details: { ...details, threshold: thresholdBytes } }
    }
  }
}

export function always(name: string): HealthCheck {
  return { name, check: () => ({ status: 'UP' }) }
}

/** Up once everything listens, until the stop begins. */
export function readiness(isReady: () => boolean): HealthCheck {
  return { name: 'readinessState', check: () => ({ status: isReady() ? 'UP' : 'OUT_OF_SERVICE' }) }
}
