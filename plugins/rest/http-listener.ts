import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { createHttpServer, type HttpServerOptions, type Routes } from './http-server.js'

export interface HttpListenerOptions extends HttpServerOptions {
  /** All addresses when absent. */
  readonly host: string | undefined
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
    const { host, port, portProperty, log } = this.options
    const hosts = host === undefined ? ['::', '0.0.0.0'] : [host]
    for (const candidate of hosts) {
      const app = createHttpServer(this.options, routes)
      try {
        await app.listen({ port, host: candidate })
        this.#app = app
        break
      } catch (error) {
        await app.close()
        if (candidate !== hosts.at(-1) && isWithoutIpv6(error)) continue
        throw refusal(error, `port ${port}${host === undefined ? '' : ` of ${host}`}`, portProperty)
      }
    }
    log.info(`HTTP started on port(s): ${this.port} (http)`)
  }

  async close(): Promise<void> {
    await this.#app?.close()
  }
}

function isWithoutIpv6(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL'
}

function refusal(error: unknown, where: string, portProperty: string): Error {
  const { code, message } = error as NodeJS.ErrnoException
  const reason =
    code === 'EADDRINUSE'
      ? 'another process listens there. Stop it, or choose another port'
      : code === 'EACCES'
        ? 'this user may not listen there. Choose a port above 1023'
        : `${message}. Choose another address (server.address) or port`
  return new Error(`HTTP can not listen on ${where}: ${reason} (${portProperty})`, { cause: error })
}
