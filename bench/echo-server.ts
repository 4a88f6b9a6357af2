import { Server, ServerCredentials } from '@grpc/grpc-js'

/** A bare grpc-js server in a process of its own: what the transport alone costs. */
const bytes = (message: Buffer) => message
const method = (name: string, responseStream: boolean) => ({
  path: `/bench.Echo/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes
})

const server = new Server()
server.addService(
  { Unary: method('Unary', false), Stream: method('Stream', true) },
  {
    Unary: (call: { request: Buffer }, reply: (error: null, message: Buffer) => void) =>
      reply(null, call.request),
    Stream: (call: {
      request: Buffer
      write(message: Buffer): boolean
      once(event: string, then: () => void): void
      cancelled: boolean
    }) => {
      const send = () => {
        while (!call.cancelled) if (!call.write(call.request)) return call.once('drain', send)
      }
      send()
    }
  }
)
server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error
  process.send?.(port)
})
