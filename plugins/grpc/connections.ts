import { createServer, type Server, type Socket } from 'node:net'

export interface ConnectionsOptions {
  readonly port: number
  /** Undefined: every address of this machine. */
  readonly host?: string | undefined
  readonly connectionsMax: number
  readonly onConnection: (socket: Socket) => void
}

/** The listening socket, and every connection that came through it. */
export class Connections {
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #dropped = 0

  constructor(private readonly options: ConnectionsOptions) {
    this.#server = createServer({ noDelay: true }, socket => this.#accept(socket))
    this.#server.maxConnections = options.connectionsMax
    this.#server.on('drop', () => this.#dropped++)
  }

  get port(): number {
    const address = this.#server.address()
    return address !== null && typeof address === 'object' ? address.port : 0
  }

  get open(): number {
    return this.#sockets.size
  }

  /** Connections that were refused because there were as many as allowed. */
  get dropped(): number {
    return this.#dropped
  }

  listen(): Promise<void> {
    const { port, host } = this.options
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException) =>
        reject(new Error(reasonOf(error, port), { cause: error }))
      this.#server.once('error', refuse)
      this.#server.listen({ port, host }, () => {
        this.#server.off('error', refuse)
        resolve()
      })
    })
  }

  /** Takes no more connections; those that are open stay. */
  stopAccepting(): void {
    this.#server.close()
  }

  /** Resolves when the last connection has closed, or after `timeoutMs`. */
  async closed(timeoutMs: number): Promise<void> {
    if (this.#sockets.size === 0) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs)
      for (const socket of this.#sockets) {
        socket.once('close', () => {
          if (this.#sockets.size > 0) return
          clearTimeout(timer)
          resolve()
        })
      }
    })
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    this.options.onConnection(socket)
  }
}

function reasonOf(error: NodeJS.ErrnoException, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} for gRPC is taken by another process. Stop that process, or set axoniq.axonserver.port to a free port.`
    case 'EACCES':
      return `This user may not open port ${port} for gRPC. Set axoniq.axonserver.port to a port above 1023.`
    default:
      return `Port ${port} for gRPC cannot be opened: ${error.message}. Correct axoniq.axonserver.port.`
  }
}
