import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { createHttpServer, type HttpServerOptions, type Routes } from './http-server.js'

export interface HttpListenerOptions extends HttpServerOptions {
  /** All addresses when absent. */
  readonly host: string | undefined
  readonly port: number
}

/** The HTTP port and its life. */
export class HttpListener {
  #app: FastifyInstance | undefined

  constructor(private readonly options: HttpListenerOptions) {}

  /** The bound port, also where any free one was asked for. */
  get port(): number {
    const address = this.#app?.server.address() as AddressInfo | null | undefined
    return address?.port ?? this.options.port
  }

  async listen(routes: readonly Routes[]): Promise<void> {
    const { host, port, log } = this.options
    this.#app = createHttpServer(this.options, routes)
    try {
      await this.#app.listen({ port, host: host ?? '::' })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`HTTP can not listen on port ${port} (server.port): ${reason}`, { cause: error })
    }
    log.info(`HTTP started on port(s): ${this.port} (http)`)
  }

  async close(): Promise<void> {
    await this.#app?.close()
  }
}
