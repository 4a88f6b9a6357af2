/** Bytes that are not the protobuf message they should be. The caller's fault; the connection lives on. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError'

  constructor(
    reason: string,
    /** Number of the field that could not be read; 0 where a tag could not be read. */
    readonly field: number,
    /** Where in the bytes given. */
    readonly offset: number,
    options?: { cause?: unknown }
  ) {
    super(`The message is malformed: ${reason} (field ${field}, byte ${offset})`, options)
  }
}
