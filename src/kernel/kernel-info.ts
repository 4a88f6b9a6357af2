import { token } from './token.js'

export type KernelPhase = 'starting' | 'ready' | 'stopping'

export interface PluginInfo {
  readonly name: string
  readonly version: string
  /** `built-in`, or the directory or file that it was loaded from. */
  readonly origin: string
}

/** What runs here. */
export interface KernelInfo {
  readonly product: string
  readonly version: string
  /** The release of the original whose protocol is spoken; clients switch features by it. */
  readonly protocolVersion: string
  /** When this process started, in milliseconds since the Unix epoch. */
  readonly startedAtMs: number
  readonly phase: KernelPhase
  /** In the order of their start. */
  readonly plugins: readonly PluginInfo[]
}

export const KernelInfo = token<KernelInfo>('kernel/KernelInfo@1')
