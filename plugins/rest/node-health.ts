import { statfs } from 'node:fs/promises'
import type { HealthCheck } from '../../src/kernel/index.js'

export interface DiskSpaceOptions {
  /** Name of the store, for example `default-event`, to its directory. */
  readonly stores: () => ReadonlyMap<string, string>
  /** management.health.diskspace.threshold */
  readonly thresholdBytes: number
}

interface Space {
  readonly path: string
  readonly free: number
  readonly total: number
}

/** Free space of everything that stores data. */
export function diskSpace({ stores, thresholdBytes }: DiskSpaceOptions): HealthCheck {
  return {
    name: 'diskSpace',
    check: async () => {
      const byName = stores()
      const spaces = new Map<string, Space>()
      for (const path of new Set(byName.values())) {
        const space = await spaceOf(path)
        if (space instanceof Error) return { status: 'DOWN', details: { path, error: space.message } }
        spaces.set(path, space)
      }
      const isLow = [...spaces.values()].some(({ free }) => free < thresholdBytes)
      const details = Object.fromEntries([...byName].map(([name, path]) => [name, spaces.get(path)]))
      return { status: isLow ? 'WARN' : 'UP', details: { ...details, threshold: thresholdBytes } }
    }
  }
}

async function spaceOf(path: string): Promise<Space | Error> {
  try {
    const { bavail, blocks, bsize } = await statfs(path)
    return { path, free: bavail * bsize, total: blocks * bsize }
  } catch (error) {
    return error as Error
  }
}

export function always(name: string): HealthCheck {
  return { name, check: () => ({ status: 'UP' }) }
}

/** Up once everything listens, until the stop begins. */
export function readiness(isReady: () => boolean): HealthCheck {
  return { name: 'readinessState', check: () => ({ status: isReady() ? 'UP' : 'OUT_OF_SERVICE' }) }
}
