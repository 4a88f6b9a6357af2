/** Bytes from another node that are no frame. The stream that they came on is of no use any more; the process goes on. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError'

  constructor(
    reason: string,
    /** Where in the frame. */
    readonly offset: number
  ) {
    super(`A frame of another node is malformed at byte ${offset}: ${reason}`)
  }
}
