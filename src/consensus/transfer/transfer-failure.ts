import { reasonOf } from '../../kernel/index.js'

export type FailureReason = 'busy' | 'refused' | 'broken' | 'timeout' | 'failed'

/** Why a transfer came to nothing; turned into a result where it ends. */
export class TransferFailure extends Error {
  override readonly name = 'TransferFailure'

  constructor(
    /** `busy`: no place for another stream. `refused`: the other side said no, in words. `broken`: the stream. `failed`: this side. */
    readonly reason: FailureReason,
    message: string,
    options?: ErrorOptions
  ) {
    super(message, options)
  }
}

export function asFailure(error: unknown, reason: FailureReason): TransferFailure {
  if (error instanceof TransferFailure) return error
  return new TransferFailure(reason, reasonOf(error), { cause: error })
}
