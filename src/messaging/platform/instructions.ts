import type { Clock, Timer } from '../../kernel/index.js'
import type { InstructionAck, InstructionResult } from '../../wire/generated/common.js'
import { isErrorCode, ServerError } from '../../wire/index.js'
import { reportsResults } from './client-version.js'
import { type InstructionRequest, outboundInstruction } from './outbound-instruction.js'

/** `accepted`: an old client has it, but can not say how it ended. */
export type InstructionOutcome = 'success' | 'accepted'

/** Where an instruction goes: one platform stream. */
export interface InstructionTarget {
  readonly clientId: string
  readonly version: string
  send(message: Buffer): void
}

export interface InstructionsOptions {
  readonly timeoutMs: number
  readonly scanIntervalMs: number
  /** Answers that may be awaited at once. */
  readonly awaitedMax: number
}

interface PendingInstruction {
  readonly id: string
  readonly name: string
  readonly sentAtMs: number
  readonly waitingFor: Set<InstructionTarget>
  readonly resolve: (outcome: InstructionOutcome) => void
  readonly reject: (error: ServerError) => void
  outcome: InstructionOutcome
  failure: ServerError | undefined
}

/** Instructions whose outcome is awaited. One that goes to several clients has one id, and is over when all have answered. */
export class Instructions {
  readonly #pending = new Map<string, PendingInstruction>()
  readonly #scan: Timer
  #awaited = 0

  constructor(
    private readonly options: InstructionsOptions,
    private readonly clock: Clock,
    private readonly randomId: () => string
  ) {
    this.#scan = clock.every(options.scanIntervalMs, () => this.#giveUpOld())
  }

  /** Answers awaited now. */
  get awaited(): number {
    return this.#awaited
  }

  send(targets: readonly InstructionTarget[], request: InstructionRequest): Promise<InstructionOutcome> {
    if (targets.length === 0) return Promise.resolve('success')
    if (this.#awaited + targets.length > this.options.awaitedMax) {
      const message = `${this.#awaited} answers of clients are awaited, which is the limit. Try again later.`
      return Promise.reject(new ServerError('AXONIQ-1900', message))
    }
    return new Promise((resolve, reject) => {
      const pending: PendingInstruction = {
        id: this.randomId(),
        name: request.$case,
        sentAtMs: this.clock.monotonicMs(),
        waitingFor: new Set(targets),
        resolve,
        reject,
        outcome: 'success',
        failure: undefined
      }
      this.#pending.set(pending.id, pending)
      this.#awaited += pending.waitingFor.size
      const message = outboundInstruction(request, pending.id)
      for (const target of pending.waitingFor) target.send(message)
    })
  }

  result(target: InstructionTarget, { instructionId, success, error }: InstructionResult): void {
    const failure = success ? undefined : failureOf(target, error?.errorCode, error?.message)
    this.#answered(instructionId, target, 'success', failure)
  }

  /** An ack is all that an old client sends; from a newer one only a refusal says something. */
  ack(target: InstructionTarget, { instructionId, success, error }: InstructionAck): void {
    if (!success)
      this.#answered(instructionId, target, 'success', failureOf(target, error?.errorCode, error?.message))
    else if (!reportsResults(target.version)) this.#answered(instructionId, target, 'accepted', undefined)
  }

  disconnected(target: InstructionTarget): void {
    for (const pending of [...this.#pending.values()]) {
      if (!pending.waitingFor.has(target)) continue
      const message = `${target.clientId} left before it answered ${pending.name}. Repeat it when the client is back.`
      this.#answered(pending.id, target, 'success', new ServerError('AXONIQ-6001', message))
    }
  }

  stop(): void {
    this.#scan.cancel()
  }

  #answered(
    id: string,
    target: InstructionTarget,
    outcome: InstructionOutcome,
    failure: ServerError | undefined
  ): void {
    const pending = this.#pending.get(id)
    if (pending?.waitingFor.delete(target) !== true) return
    this.#awaited--
    pending.failure ??= failure
    if (outcome === 'accepted') pending.outcome = outcome
    if (pending.waitingFor.size === 0) this.#finish(pending)
  }

  #finish(pending: PendingInstruction): void {
    this.#pending.delete(pending.id)
    if (pending.failure === undefined) pending.resolve(pending.outcome)
    else pending.reject(pending.failure)
  }

  #giveUpOld(): void {
    const sentUntilMs = this.clock.monotonicMs() - this.options.timeoutMs
    for (const pending of [...this.#pending.values()]) {
      if (pending.sentAtMs > sentUntilMs) continue
      const silent = [...pending.waitingFor].map(({ clientId }) => clientId).join(', ')
      const message = `No answer to ${pending.name} from ${silent} in ${this.options.timeoutMs} ms. Look whether it is busy or hangs.`
      pending.failure ??= new ServerError('AXONIQ-11000', message)
      this.#awaited -= pending.waitingFor.size
      pending.waitingFor.clear()
      this.#finish(pending)
    }
  }
}

function failureOf({ clientId }: InstructionTarget, code = '', reason = ''): ServerError {
  const known = isErrorCode(code) ? code : 'AXONIQ-1004'
  return new ServerError(known, `${clientId} could not do it: ${reason === '' ? code : reason}`)
}
