import type { Clock, Timer } from '../../kernel/index.js'
import type { ClientSession } from './client-session.js'
import { answersHeartbeats } from './client-version.js'
import { outboundInstruction } from './outbound-instruction.js'

export interface HeartbeatOptions {
  readonly enabled: boolean
  readonly sendIntervalMs: number
  readonly sendInitialDelayMs: number
  readonly checkIntervalMs: number
  readonly checkInitialDelayMs: number
  /** Silence after which a client that has sent heartbeats is gone. */
  readonly timeoutMs: number
}

const beat = outboundInstruction({ $case: 'heartbeat', value: {} })

/** Sends heartbeats to the clients that answer them, and finds those that have fallen silent. Does nothing unless enabled. */
export class HeartbeatMonitor {
  #timers: Timer[] = []

  constructor(
    private readonly options: HeartbeatOptions,
    private readonly clock: Clock,
    private readonly sessions: () => Iterable<ClientSession>,
    private readonly onSilent: (session: ClientSession) => void
  ) {
    if (!options.enabled) return
    this.#start(options.sendInitialDelayMs, options.sendIntervalMs, () => this.#send())
    this.#start(options.checkInitialDelayMs, options.checkIntervalMs, () => this.#check())
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers = []
  }

  #start(initialDelayMs: number, intervalMs: number, task: () => void): void {
    const first = this.clock.after(initialDelayMs, () => {
      this.#timers.push(this.clock.every(intervalMs, task))
      task()
    })
    this.#timers.push(first)
  }

  #send(): void {
    for (const session of this.sessions()) {
      if (!session.isBehind && answersHeartbeats(session.version)) session.send(beat)
    }
  }

  #check(): void {
    const heardUntilMs = this.clock.monotonicMs() - this.options.timeoutMs
    for (const session of [...this.sessions()]) {
      if (session.lastHeartbeatMs !== undefined && session.lastHeartbeatMs < heardUntilMs)
        this.onSilent(session)
    }
  }
}
