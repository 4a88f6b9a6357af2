import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Stands between two nodes; can swallow what passes, and break every connection. */
export class TcpProxy {
  swallows = false
  readonly #sockets = new Set<Socket>()

  private constructor(
    private readonly server: Server,
    public target: number
  ) {}

  static async start(t: Test, target: number): Promise<TcpProxy> {
    const server = createServer(socket => proxy.#accept(socket))
    const proxy = new TcpProxy(server, target)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      proxy.breakAll()
      server.close()
    })
    return proxy
  }

  get port(): number {
    const address = this.server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  breakAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #accept(inbound: Socket): void {
    const outbound = connect(this.target, '127.0.0.1')
    this.#pass(inbound, outbound)
    this.#pass(outbound, inbound)
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.on('data', bytes => {
      if (!this.swallows) to.write(bytes)
    })
    from.on('error', () => {})
    from.on('close', () => {
      this.#sockets.delete(from)
      if (!this.swallows) to.destroy()
    })
  }
}
