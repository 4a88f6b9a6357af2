import { CancelInstruction, FlowControlInstruction, instructionPriority } from './handler-instructions.js'
import type { HandlerTask, QueuedInstruction } from './query-handler-stream.js'
import type { QueryRegistration } from './query-registration.js'

/** What a target asks of its query. */
export interface TargetQuery {
  readonly id: string
  readonly priority: number
  /** The time that the query may wait is over. */
  isExpired(): boolean
  /** The `QueryProviderInbound` with the query. */
  toMessage(): Buffer
  targetExpired(target: HandlerTarget): void
  targetLost(target: HandlerTarget, reason: string): void
  /** The handler's queue has no place for more flow control. */
  targetOverrun(target: HandlerTarget): void
}

type TargetState = 'waiting' | 'delivered' | 'finished'

/** One query on its way to one handler. */
export class HandlerTarget implements QueuedInstruction, HandlerTask {
  #state: TargetState = 'waiting'
  #isOffering = false
  #flowControl: FlowControlInstruction

  constructor(
    readonly registration: QueryRegistration,
    private readonly query: TargetQuery
  ) {
    this.#flowControl = new FlowControlInstruction(query.id)
  }

  get isFinished(): boolean {
    return this.#state === 'finished'
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  /** False: too much waits for this handler. */
  offer(): boolean {
    const { tasks, queue } = this.registration.stream
    tasks.add(this)
    this.#isOffering = true
    const outcome = queue.offer(this, this.query.priority)
    this.#isOffering = false
    if (outcome === 'refused') {
      this.finish()
      return false
    }
    this.#sendFlowControl()
    return true
  }

  /** Lets the handler send `permits` more responses, at the earliest when it has got the query. */
  grant(permits: number): void {
    if (this.#state === 'finished') return
    this.#flowControl.permits += permits
    this.#sendFlowControl()
  }

  /** The query expects nothing more from this handler. */
  finish(): void {
    if (this.#state === 'finished') return
    this.#state = 'finished'
    const { tasks, queue } = this.registration.stream
    tasks.delete(this)
    if (this.#flowControl.isWaiting) queue.remove(this.#flowControl)
  }

  /** Finishes, and takes the query back or tells the handler to stop. */
  cancel(): void {
    if (this.#state === 'finished') return
    const wasDelivered = this.#state === 'delivered'
    this.finish()
    const { stream } = this.registration
    if (!wasDelivered) stream.queue.remove(this)
    else if (stream.queue.offer(new CancelInstruction(this.query.id), instructionPriority) === 'refused') {
      stream.droppedCancellations++
    }
  }

  isObsolete(): boolean {
    if (this.#state === 'finished') return true
    if (!this.query.isExpired()) return false
    this.finish()
    this.query.targetExpired(this)
    return true
  }

  toMessage(): Buffer {
    this.#state = 'delivered'
    return this.query.toMessage()
  }

  sent(): void {
    if (!this.#isOffering) this.#sendFlowControl()
  }

  handlerLost(reason: string): void {
    if (this.#state === 'finished') return
    this.finish()
    this.query.targetLost(this, reason)
  }

  #sendFlowControl(): void {
    const instruction = this.#flowControl
    if (this.#state !== 'delivered' || instruction.permits === 0 || instruction.isWaiting) return
    instruction.isWaiting = true
    const outcome = this.registration.stream.queue.offer(instruction, instructionPriority)
    if (outcome !== 'refused') return
    instruction.isWaiting = false
    this.cancel()
    this.query.targetOverrun(this)
  }
}
