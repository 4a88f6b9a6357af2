import { FieldReader } from './field-reader.js'

/** query.proto, `QueryResponse`. */
const tags = { errorCode: 18, errorMessage: 26, requestIdentifier: 58 }
/** query.proto, `SubscriptionQueryResponse`. */
const subscriptionTags = {
  subscriptionIdentifier: 18,
  initialResult: 26,
  update: 34,
  complete: 42,
  completeExceptionally: 50
}

export interface QueryResponseHead {
  readonly requestIdentifier: string
  /** An error code or an error message is set. */
  readonly isError: boolean
  readonly errorCode: string
}

export function scanQueryResponse(response: Buffer): QueryResponseHead {
  const reader = new FieldReader(response)
  let requestIdentifier = ''
  let errorCode = ''
  let hasMessage = false
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case tags.requestIdentifier:
        requestIdentifier = reader.string()
        break
      case tags.errorCode:
        errorCode = reader.string()
        break
      case tags.errorMessage:
        reader.bytes()
        hasMessage = true
        break
      default:
        reader.skip(tag)
    }
  }
  return { requestIdentifier, isError: hasMessage || errorCode !== '', errorCode }
}

export type SubscriptionQueryResponseKind = 'initialResult' | 'update' | 'complete' | 'completeExceptionally'

export interface SubscriptionQueryResponseHead {
  readonly subscriptionIdentifier: string
  /** Undefined when the response is empty or of a kind that this server does not know. */
  readonly kind: SubscriptionQueryResponseKind | undefined
}

export function scanSubscriptionQueryResponse(response: Buffer): SubscriptionQueryResponseHead {
  const reader = new FieldReader(response)
  let subscriptionIdentifier = ''
  let kind: SubscriptionQueryResponseKind | undefined
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === subscriptionTags.subscriptionIdentifier) {
      subscriptionIdentifier = reader.string()
      continue
    }
    kind = kindOf(tag) ?? kind
    reader.skip(tag)
  }
  return { subscriptionIdentifier, kind }
}

function kindOf(tag: number): SubscriptionQueryResponseKind | undefined {
  switch (tag) {
    case subscriptionTags.initialResult:
      return 'initialResult'
    case subscriptionTags.update:
      return 'update'
    case subscriptionTags.complete:
      return 'complete'
    case subscriptionTags.completeExceptionally:
      return 'completeExceptionally'
    default:
      return undefined
  }
}
