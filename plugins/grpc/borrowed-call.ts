import assert from 'node:assert'
import type { ServerHttp2Stream } from 'node:http2'
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js'

/**
 * A call of grpc-js, with the HTTP/2 stream that it stands on. grpc-js gives servers one message at a time, with a promise
 * and a pause of the stream for each; reading and writing the stream ourselves is several times cheaper (README.md has the
 * figures). Headers, trailers, deadlines and cancellation stay with grpc-js. Its field `stream` is not part of its interface,
 * hence the check here and the exact minor version in package.json.
 */
export interface BorrowedCall extends ServerInterceptingCallInterface {
  readonly stream: ServerHttp2Stream
  readonly incomingEncoding: string
}

export function borrow(call: ServerInterceptingCallInterface): BorrowedCall {
  const borrowed = call as BorrowedCall
  assert(
    typeof borrowed.stream?.respond === 'function' && typeof borrowed.incomingEncoding === 'string',
    'this version of @grpc/grpc-js keeps its HTTP/2 stream elsewhere; 1.14 is needed'
  )
  borrowed.stream.removeAllListeners('data')
  borrowed.stream.removeAllListeners('end')
  return borrowed
}
