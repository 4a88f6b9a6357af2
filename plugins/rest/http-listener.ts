import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { createHttpServer, type HttpServerOptions, type Routes } from './http-server.js'

export interface HttpListenerOptions extends HttpServerOptions {
  /** The first address that this machine has. */
  readonly hosts: readonly string[]
  readonly port: number
  /** The property that names the port, for those who have to change it. */
  readonly portProperty: string
}

/** An HTTP port and its life. */
export class HttpListener {
  #app: FastifyInstance | undefined

  constructor(private readonly options: HttpListenerOptions) {}

  /** The bound port, also where any free one was asked for. */
  get port(): number {
    const address = this.#app?.server.address() as AddressInfo | null | undefined
    return address?.port ?? this.options.port
  }

  async listen(routes: readonly Routes[]): Promise<void> {
    const { hosts, log } = this.options
    for (const host of hosts) {
      if (await this.#listenOn(host, routes, host === hosts.at(-1))) break
    }
    log.info(`HTTP started on port(s): ${this.port} (http)`)
  }

  /** False: this machine has no such address, and there is another one to try. */
  async #listenOn(host: string, routes: readonly Routes[], isLast: boolean): Promise<boolean> {
    const app = createHttpServer(this.options, routes)
    try {
      await app.listen({ port: this.options.port, host })
    } catch (error) {
      await app.close()
      if (!isLast && isAbsent(error)) return false
      throw refusal(error, host, this.options)
    }
    this.#app = app
    return true
  }

  async close(): Promise<void> {
    await this.#app?.close()
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL'
}

function refusal(error: unknown, host: string, { port, portProperty }: HttpListenerOptions): Error {
  const { code, message } = error as NodeJS.ErrnoException
  const reason =
    code === 'EADDRINUSE'
      ? 'another process listens there. Stop it, or choose another port'
      : code === 'EACCES'
        ? 'this user may not listen there. Choose a port above 1023'
        : `${message}. Choose an address of this machine (server.address), or another port`
  return new Error(`HTTP can not listen on ${host} port ${port}: ${reason} (${portProperty})`, {
    cause: error
  })
}
