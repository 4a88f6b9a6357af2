/** The way to one client: what routing sees of a stream. A gRPC `StreamCall` is one. */
export interface OutboundStream {
  /** Sends one message. False: the transport is behind; the message is taken all the same. */
  write(message: Buffer): boolean
  /** Ends the stream normally. */
  end(): void
  /** Ends the stream with an error. */
  fail(error: unknown): void
}
