/** That one stream handles one command or query. */
export interface HandlerRegistration {
  readonly kind: 'command' | 'query'
  readonly context: string
  /** Of the command or query. */
  readonly name: string
  readonly clientId: string
  readonly clientStreamId: string
  readonly componentName: string
  /** Commands only; 0 for queries. */
  readonly loadFactor: number
}

/** Told, in order, what is registered and what is gone. A changed load factor is told as added again. */
export interface HandlerListener {
  handlerAdded(registration: HandlerRegistration): void
  handlerRemoved(registration: HandlerRegistration): void
}

/** Whoever keeps registrations of one kind. */
export interface HandlerDirectory {
  /** All registrations in a context at this moment. */
  registrations(context: string): Iterable<HandlerRegistration>
}
