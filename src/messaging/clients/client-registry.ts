import type { Clock } from '../../kernel/index.js'
import { clientStreamId } from './client-stream-id.js'

/** What a client says of itself when it registers on its platform stream. */
export interface ClientDescription {
  readonly clientId: string
  readonly componentName: string
  readonly tags: ReadonlyMap<string, string>
  /** Of the client library; may be empty. */
  readonly version: string
}

/** One registered platform stream. */
export interface ConnectedClient extends ClientDescription {
  readonly context: string
  readonly streamId: string
}

export interface ClientListener {
  clientConnected?(client: ConnectedClient): void
  clientDisconnected?(client: ConnectedClient, reason: string): void
}

const noTags: ReadonlyMap<string, string> = new Map()
const noClients: ReadonlySet<ConnectedClient> = new Set()

/** Who is connected. Several streams of one client id may be there at once, the newest of them speaks for the client. */
export class ClientRegistry {
  readonly stats = { connects: 0, disconnects: 0, connectedMs: 0, longestMs: 0 }
  /** With the time of connection on the monotonic clock. */
  readonly #clients = new Map<ConnectedClient, number>()
  /** Context, then client id. A set keeps the order of arrival. */
  readonly #byContext = new Map<string, Map<string, Set<ConnectedClient>>>()
  /** How many streams of a context have tags. */
  readonly #tagged = new Map<string, number>()
  readonly #listeners = new Set<ClientListener>()

  constructor(
    private readonly randomId: () => string,
    private readonly clock: Clock
  ) {}

  get size(): number {
    return this.#clients.size
  }

  addListener(listener: ClientListener): void {
    this.#listeners.add(listener)
  }

  connect(context: string, description: ClientDescription): ConnectedClient {
    const client: ConnectedClient = {
      clientId: description.clientId,
      componentName: description.componentName,
      tags: description.tags,
      version: description.version,
      context,
      streamId: clientStreamId(description.clientId, this.randomId())
    }
    this.stats.connects++
    this.#clients.set(client, this.clock.monotonicMs())
    this.#countTags(client, 1)
    this.#streamsOf(client).add(client)
    for (const listener of this.#listeners) listener.clientConnected?.(client)
    return client
  }

  disconnect(client: ConnectedClient, reason: string): void {
    const connectedAtMs = this.#clients.get(client)
    if (connectedAtMs === undefined) return
    this.#clients.delete(client)
    this.#countDisconnect(this.clock.monotonicMs() - connectedAtMs)
    this.#countTags(client, -1)
    this.#forget(client)
    for (const listener of this.#listeners) listener.clientDisconnected?.(client, reason)
  }

  /** In order of arrival. */
  all(): Iterable<ConnectedClient> {
    return this.#clients.keys()
  }

  /** The open platform streams of a client, in order of arrival. */
  streams(context: string, clientId: string): ReadonlySet<ConnectedClient> {
    return this.#byContext.get(context)?.get(clientId) ?? noClients
  }

  /** Tags of the newest stream of this client; none if it has not registered. */
  tagsOf(context: string, clientId: string): ReadonlyMap<string, string> {
    let tags = noTags
    for (const client of this.streams(context, clientId)) tags = client.tags
    return tags
  }

  /** False: no client of the context has tags, so they need not be compared. */
  hasTags(context: string): boolean {
    return this.#tagged.has(context)
  }

  #countDisconnect(connectedMs: number): void {
    this.stats.disconnects++
    this.stats.connectedMs += connectedMs
    this.stats.longestMs = Math.max(this.stats.longestMs, connectedMs)
  }

  #countTags({ context, tags }: ConnectedClient, change: 1 | -1): void {
    if (tags.size === 0) return
    const count = (this.#tagged.get(context) ?? 0) + change
    if (count === 0) this.#tagged.delete(context)
    else this.#tagged.set(context, count)
  }

  #streamsOf({ context, clientId }: ConnectedClient): Set<ConnectedClient> {
    const clients = this.#byContext.get(context) ?? new Map<string, Set<ConnectedClient>>()
    this.#byContext.set(context, clients)
    const streams = clients.get(clientId) ?? new Set<ConnectedClient>()
    clients.set(clientId, streams)
    return streams
  }

  #forget(client: ConnectedClient): void {
    const clients = this.#byContext.get(client.context)
    const streams = clients?.get(client.clientId)
    streams?.delete(client)
    if (streams?.size === 0) clients?.delete(client.clientId)
    if (clients?.size === 0) this.#byContext.delete(client.context)
  }
}
