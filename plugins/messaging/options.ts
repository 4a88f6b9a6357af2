import { getHeapStatistics } from 'node:v8'
import type { Settings } from '../../src/kernel/index.js'
import type { MessagingOptions } from '../../src/messaging/index.js'

const prefix = 'axoniq.axonserver'
const gibibyte = 1024 ** 3
const inProgressPerGibibyte = 25_000

/** What the properties say about messaging. */
export function messagingOptions(settings: Settings): Omit<MessagingOptions, 'queries'> {
  const scanIntervalMs = settings.number(`${prefix}.cache-close-rate`)
  return {
    commands: {
      timeoutMs: settings.number(`${prefix}.default-command-timeout`),
      scanIntervalMs,
      inProgressMax: inProgressMax(settings.number(`${prefix}.command-cache-capacity`)),
      inProgressPerContextMax: contextLimit(settings),
      waitingMax: settings.number(`${prefix}.command-queue-capacity-per-client`)
    },
    instructions: {
      timeoutMs: Math.min(
        settings.number(`${prefix}.instruction-cache-timeout`),
        settings.number(`${prefix}.instruction.result.timeout`)
      ),
      scanIntervalMs,
      awaitedMax: settings.number(`${prefix}.instruction-cache-capacity`)
    },
    heartbeat: {
      enabled: settings.boolean(`${prefix}.heartbeat.enabled`),
      sendIntervalMs: settings.number(`${prefix}.client-heartbeat-frequency`),
      sendInitialDelayMs: settings.number(`${prefix}.client-heartbeat-initial-delay`),
      checkIntervalMs: settings.number(`${prefix}.client-heartbeat-check-rate`),
      checkInitialDelayMs: settings.number(`${prefix}.client-heartbeat-check-initial-delay`),
      timeoutMs: settings.number(`${prefix}.client-heartbeat-timeout`)
    },
    processorInfoTimeoutMs: settings.number(`${prefix}.processor-info-timeout`)
  }
}

/** Of commands or of queries, as configured; 0: by the memory of the process. */
export function inProgressMax(configured: number): number {
  if (configured > 0) return configured
  const byMemory = Math.floor((inProgressPerGibibyte * getHeapStatistics().heap_size_limit) / gibibyte)
  return Math.max(inProgressPerGibibyte, byMemory)
}

/** Commands, or queries, in progress in one context. */
export function contextLimit(settings: Settings): number {
  const limit = settings.number(`${prefix}.messages.context-buffer-limit`)
  return limit < 0 ? Number.POSITIVE_INFINITY : limit
}
