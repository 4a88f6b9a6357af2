export { ADMIN_CONTEXT, ContextCatalogue, type NodeAndRole } from './context-catalogue.js'
export {
  type ContextInfo,
  Contexts,
  type ContextsOptions,
  ContextsToken,
  type CreateContextRequest
} from './contexts.js'
