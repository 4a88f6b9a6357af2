import { existsSync } from 'node:fs'
import { cpus } from 'node:os'

/** What decides whether a native binding works. */
export interface Runtime {
  readonly nodeVersion: string
  readonly platform: string
  readonly arch: string
  /** As node-gyp-build tells them apart when it picks a prebuilt. */
  readonly libc: 'glibc' | 'musl' | 'none'
  /** A prebuilt may need instructions that an older processor lacks, and a volume may move to one. */
  readonly processor: string
}

export function thisRuntime(): Runtime {
  const { platform, arch, versions } = process
  return {
    nodeVersion: versions.node,
    platform,
    arch,
    libc: libcOf(platform),
    processor: cpus()[0]?.model ?? ''
  }
}

export function nodeMajor(runtime: Runtime): number {
  return Number(runtime.nodeVersion.split('.')[0])
}

/** `Node 24.21.0 on linux-x64 (glibc)` */
export function describeRuntime({ nodeVersion, platform, arch, libc }: Runtime): string {
  return `Node ${nodeVersion} on ${platform}-${arch}${libc === 'none' ? '' : ` (${libc})`}`
}

function libcOf(platform: string): Runtime['libc'] {
  if (platform !== 'linux') return 'none'
  return existsSync('/etc/alpine-release') ? 'musl' : 'glibc'
}
