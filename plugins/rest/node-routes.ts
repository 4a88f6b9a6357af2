import type { Contexts } from '../../src/cluster/index.js'
import { ADMIN_CONTEXT } from '../../src/cluster/index.js'
import type { Routes } from './http-server.js'

export interface NodeDescription {
  readonly name: string
  readonly hostName: string
  readonly grpcPort: number
  readonly httpPort: number
  readonly internalHostName: string
  readonly grpcInternalPort: number
}

export interface NodeRoutesOptions {
  readonly node: () => NodeDescription
  readonly contexts: Contexts
  readonly authentication: boolean
  readonly ssl: boolean
  readonly developmentMode: boolean
  readonly pluginsEnabled: boolean
  readonly product: string
  readonly version: string
}

/** What a node says about itself. */
export function nodeRoutes(options: NodeRoutesOptions): Routes {
  return app => {
    app.get('/v1/public', async () => [{ ...options.node(), connected: true }])

    app.get('/v1/public/me', async () => {
      const contextNames = options.contexts.list().map(({ context }) => context)
      return {
        authentication: options.authentication,
        clustered: true,
        ssl: options.ssl,
        adminNode: options.contexts.initialised,
        developmentMode: options.developmentMode,
        storageContextNames: contextNames.filter(name => name !== ADMIN_CONTEXT),
        contextNames,
        pluginsEnabled: options.pluginsEnabled,
        ...options.node()
      }
    })

    app.get('/v1/public/version', async () => ({ productName: options.product, version: options.version }))
    app.get('/v1/public/mycontexts', async () =>
      options.contexts
        .list()
        .map(({ context }) => context)
        .filter(name => name !== ADMIN_CONTEXT)
    )
  }
}
