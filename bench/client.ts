import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials
} from '@grpc/grpc-js'

const bytes = (message: Buffer) => message

/** A gRPC client over bytes: what a method sends and gets are encoded messages. */
export class BytesClient {
  readonly #client: Client

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1
    })
  }

  unary(path: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, bytes, bytes, request, (error, reply) =>
        error ? reject(error) : resolve(reply!)
      )
    })
  }

  clientStream(
    path: string,
    onReply: (error: Error | null, reply?: Buffer) => void
  ): ClientWritableStream<Buffer> {
    return this.#client.makeClientStreamRequest<Buffer, Buffer>(path, bytes, bytes, onReply)
  }

  serverStream(path: string, request: Buffer): ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(path, bytes, bytes, request)
  }

  duplex(path: string): ClientDuplexStream<Buffer, Buffer> {
    return this.#client.makeBidiStreamRequest(path, bytes, bytes)
  }

  close(): void {
    this.#client.close()
  }
}
