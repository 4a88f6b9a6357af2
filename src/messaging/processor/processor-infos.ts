import type { Clock } from '../../kernel/index.js'
import type { EventProcessorInfo } from '../../wire/generated/control.js'
import type { ConnectedClient } from '../clients/client-registry.js'

interface Entry {
  readonly info: EventProcessorInfo
  readonly receivedAtMs: number
}

/** What a client said last about one of its event processors. */
export interface ReportedProcessor {
  readonly client: ConnectedClient
  readonly info: EventProcessorInfo
}

const processorsPerClientMax = 1000

/** The newest status of every event processor of every client stream; forgotten when it is old or the stream ends. */
export class ProcessorInfos {
  readonly #byClient = new Map<ConnectedClient, Map<string, Entry>>()
  /** Statuses dropped because the client reports too many processors. */
  refused = 0

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number
  ) {}

  put(client: ConnectedClient, info: EventProcessorInfo): void {
    const entries = this.#byClient.get(client) ?? new Map<string, Entry>()
    this.#byClient.set(client, entries)
    if (entries.size >= processorsPerClientMax && !entries.has(info.processorName)) {
      this.#dropOld(entries)
      if (entries.size >= processorsPerClientMax) {
        this.refused++
        return
      }
    }
    entries.set(info.processorName, { info, receivedAtMs: this.clock.monotonicMs() })
  }

  drop(client: ConnectedClient): void {
    this.#byClient.delete(client)
  }

  /** In the order in which the clients first reported. */
  *all(): Iterable<ReportedProcessor> {
    for (const [client, entries] of this.#byClient) {
      this.#dropOld(entries)
      for (const { info } of entries.values()) yield { client, info }
    }
  }

  #dropOld(entries: Map<string, Entry>): void {
    const receivedBeforeMs = this.clock.monotonicMs() - this.timeoutMs
    for (const [name, { receivedAtMs }] of entries) if (receivedAtMs < receivedBeforeMs) entries.delete(name)
  }
}
