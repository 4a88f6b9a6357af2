import { UpdateType } from '../../wire/generated/control.js'
import type {
  HandlerDirectory,
  HandlerListener,
  HandlerRegistration
} from '../clients/handler-registration.js'
import { outboundInstruction } from './outbound-instruction.js'

/** A client that wants to know who handles what in its context. */
export interface TopologySubscriber {
  readonly context: string
  /** False: the transport is behind; `Topology.resume` is called when it has caught up. */
  write(message: Buffer): boolean
}

/**
 * Tells clients which handlers come and go: first everything, then the changes, in order. A client that can not keep up is not
 * buffered for: it gets everything anew when it has caught up.
 */
export class Topology implements HandlerListener {
  readonly #directories: HandlerDirectory[] = []
  /** Whether the subscriber's transport is behind. */
  readonly #subscribers = new Map<TopologySubscriber, boolean>()
  /** Those behind for which there was something to say. */
  readonly #outdated = new Set<TopologySubscriber>()

  addDirectory(directory: HandlerDirectory): void {
    this.#directories.push(directory)
  }

  get subscribers(): number {
    return this.#subscribers.size
  }

  subscribe(subscriber: TopologySubscriber): void {
    if (!this.#subscribers.has(subscriber)) this.#tellEverything(subscriber)
  }

  unsubscribe(subscriber: TopologySubscriber): void {
    this.#subscribers.delete(subscriber)
    this.#outdated.delete(subscriber)
  }

  /** The transport of the subscriber has caught up. */
  resume(subscriber: TopologySubscriber): void {
    if (!this.#subscribers.has(subscriber)) return
    this.#subscribers.set(subscriber, false)
    if (this.#outdated.delete(subscriber)) this.#tellEverything(subscriber)
  }

  handlerAdded(registration: HandlerRegistration): void {
    const type =
      registration.kind === 'command' ? UpdateType.ADD_COMMAND_HANDLER : UpdateType.ADD_QUERY_HANDLER
    this.#tell(registration, type)
  }

  handlerRemoved(registration: HandlerRegistration): void {
    const type =
      registration.kind === 'command' ? UpdateType.REMOVE_COMMAND_HANDLER : UpdateType.REMOVE_QUERY_HANDLER
    this.#tell(registration, type)
  }

  #tell(registration: HandlerRegistration, type: UpdateType): void {
    if (this.#subscribers.size === 0) return
    let message: Buffer | undefined
    for (const [subscriber, isBehind] of this.#subscribers) {
      if (subscriber.context !== registration.context) continue
      if (isBehind) {
        this.#outdated.add(subscriber)
        continue
      }
      message ??= change(registration, type)
      if (!subscriber.write(message)) this.#subscribers.set(subscriber, true)
    }
  }

  #tellEverything(subscriber: TopologySubscriber): void {
    let isBehind = !subscriber.write(resetAll(subscriber.context))
    for (const directory of this.#directories) {
      for (const registration of directory.registrations(subscriber.context)) {
        const type =
          registration.kind === 'command' ? UpdateType.ADD_COMMAND_HANDLER : UpdateType.ADD_QUERY_HANDLER
        if (!subscriber.write(change(registration, type))) isBehind = true
      }
    }
    this.#subscribers.set(subscriber, isBehind)
  }
}

function change(registration: HandlerRegistration, updateType: UpdateType): Buffer {
  const { kind, context, name, clientId, clientStreamId, componentName, loadFactor } = registration
  return outboundInstruction({
    $case: 'topologyChange',
    value: {
      updateType,
      context,
      clientId,
      clientStreamId,
      componentName,
      subscription:
        kind === 'command'
          ? { $case: 'command', value: { name, loadFactor } }
          : { $case: 'query', value: { name } }
    }
  })
}

function resetAll(context: string): Buffer {
  return outboundInstruction({
    $case: 'topologyChange',
    value: {
      updateType: UpdateType.RESET_ALL,
      context,
      clientId: '',
      clientStreamId: '',
      componentName: '',
      subscription: undefined
    }
  })
}
