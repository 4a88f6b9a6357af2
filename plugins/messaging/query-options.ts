import type { Settings } from '../../src/kernel/index.js'
import { defaultQueryOptions, type QueryOptions } from '../../src/messaging/index.js'
import { contextLimit, inProgressMax } from './options.js'

const prefix = 'axoniq.axonserver'

/** What the properties say about queries. */
export function queryOptions(settings: Settings): QueryOptions {
  return {
    ...defaultQueryOptions,
    activeMax: inProgressMax(settings.number(`${prefix}.query-cache-capacity`)),
    activePerContextMax: contextLimit(settings),
    waitingMax: settings.number(`${prefix}.query-queue-capacity-per-client`),
    timeoutMs: settings.number(`${prefix}.default-query-timeout`),
    scanIntervalMs: settings.number(`${prefix}.cache-close-rate`),
    selector: settings.string(`${prefix}.query-handler-selector`) === 'metrics' ? 'metrics' : 'round-robin',
    selectorRequestsMin: settings.number(`${prefix}.metrics-query-handler-selector.min-requests`)
  }
}
