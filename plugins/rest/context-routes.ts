import type { Contexts, CreateContextRequest, NodeAndRole } from '../../src/cluster/index.js'
import type { Routes } from './http-server.js'
import { BadRequest, objectBody, pathParameter, query } from './parameters.js'

const NODE_ROLES = new Set(['PRIMARY', 'MESSAGING_ONLY', 'ACTIVE_BACKUP', 'PASSIVE_BACKUP', 'SECONDARY'])

/** Creating, listing and removing contexts. */
export function contextRoutes(contexts: Contexts, options: { readonly developmentMode: boolean }): Routes {
  return app => {
    const listed = () =>
      contexts.list().map(context => ({ ...context, changePending: false, pendingSince: 0 }))
    app.get('/v1/public/context', async () => listed())
    app.get('/internal/raft/contexts', async () => listed())

    app.post('/v1/context/init', async (request, reply) => {
      await contexts.initialise([query(request, 'context') || 'default'])
      return reply.code(202).send(success('Accepted'))
    })

    app.post('/v1/context', async (request, reply) => {
      const wanted = readCreateRequest(objectBody(request))
      await contexts.create(wanted)
      return reply.code(202).send(success(`Context ${wanted.context} created`))
    })

    app.delete('/v1/context/:context', async (request, reply) => {
      const name = pathParameter(request, 'context')
      if (query(request, 'preserveEventStore') === 'true') {
        throw new BadRequest(
          'preserveEventStore=true is not supported: a removed context takes its events along'
        )
      }
      await contexts.delete(name)
      return reply.code(202).send(success(`Context ${name} removed`))
    })

    if (!options.developmentMode) return
    app.delete('/v1/devmode/purge-events', async (_request, reply) => {
      await contexts.purge('default')
      return reply.code(200).send()
    })
  }
}

/** Command line clients read exactly these two members. */
function success(message: string): { success: true; message: string } {
  return { success: true, message }
}

function readCreateRequest(body: Readonly<Record<string, unknown>>): CreateContextRequest {
  const { context, replicationGroup, nodes, metaData, dcbContext } = body
  const roles = body.roles ?? (Array.isArray(nodes) ? nodes.map(node => ({ node })) : undefined)
  if (typeof context !== 'string') throw new BadRequest("The body needs a text member 'context'")
  if (replicationGroup != null && typeof replicationGroup !== 'string') {
    throw new BadRequest("'replicationGroup' must be a text")
  }
  if (dcbContext === true) {
    throw new BadRequest(
      'DCB contexts are not supported by this version: create the context without dcbContext'
    )
  }
  return {
    context,
    replicationGroup: replicationGroup ?? undefined,
    roles: roles == null ? undefined : readRoles(roles),
    metaData: metaData == null ? undefined : readMetaData(metaData)
  }
}

function readRoles(roles: unknown): NodeAndRole[] {
  if (!Array.isArray(roles)) throw new BadRequest("'roles' must be a list of {node, role}")
  return roles.map((entry: { node?: unknown; role?: unknown } | null) => {
    const role = entry?.role ?? 'PRIMARY'
    if (typeof entry?.node !== 'string' || typeof role !== 'string' || !NODE_ROLES.has(role)) {
      throw new BadRequest(
        `'roles' must be a list of {node, role} with a role of ${[...NODE_ROLES].join(', ')}`
      )
    }
    return { node: entry.node, role }
  })
}

function readMetaData(metaData: unknown): Record<string, string> {
  if (typeof metaData !== 'object' || metaData === null || Array.isArray(metaData)) {
    throw new BadRequest("'metaData' must be an object of texts")
  }
  return Object.fromEntries(Object.entries(metaData).map(([key, value]) => [key, String(value)]))
}
