import { QueryRequest, SubscriptionQuery, SubscriptionQueryRequest } from '../../wire/generated/query.js'
import { decodeMessage, encodeMessage, wrapMessage } from '../../wire/index.js'

/** query.proto, `QueryProviderInbound.subscription_query_request`. */
const requestField = 3
/** query.proto, `SubscriptionQueryRequest.unsubscribe`. */
const unsubscribeField = 2

/** A `SubscriptionQueryRequest` of the subscriber, as a handler gets it. */
export function providerRequest(request: Buffer): Buffer {
  return wrapMessage(requestField, request)
}

/** Ends a subscription query, given the `SubscriptionQuery` that began it. */
export function providerUnsubscribe(subscriptionQuery: Buffer): Buffer {
  return providerRequest(wrapMessage(unsubscribeField, subscriptionQuery))
}

/** Ends a subscription query of which the server knows nothing but the identifier. */
export function unknownUnsubscribe(subscriptionIdentifier: string): Buffer {
  const value = {
    subscriptionIdentifier,
    numberOfPermits: 0,
    queryRequest: undefined,
    updateResponseType: undefined
  }
  return providerRequest(
    encodeMessage(SubscriptionQueryRequest, { request: { $case: 'unsubscribe', value } })
  )
}

/** The `QueryRequest` in a `SubscriptionQuery`. */
export function queryOf(subscriptionQuery: Buffer): Buffer {
  const { queryRequest } = decodeMessage(SubscriptionQuery, subscriptionQuery)
  return queryRequest === undefined ? Buffer.alloc(0) : encodeMessage(QueryRequest, queryRequest)
}
