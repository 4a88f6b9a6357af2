export { ADMIN_CONTEXT, ADMIN_GROUP, ContextCatalogue, type NodeAndRole } from './context-catalogue.js'
export {
  type ContextInfo,
  Contexts,
  type ContextsOptions,
  ContextsToken,
  type CreateContextRequest
} from './contexts.js'
export type { Replication } from './replication.js'
