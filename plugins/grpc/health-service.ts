import type { Clock, HealthCheck, Logger, Timer } from '../../src/kernel/index.js'
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus
} from '../../src/wire/generated/grpc/health/v1/health.js'
import {
  type GrpcService,
  type StreamCall,
  type StreamListener,
  unaryMethod
} from '../../src/wire/grpc/index.js'
import { decodeMessage, encodeMessage, GrpcStatus } from '../../src/wire/index.js'
import { CallFault } from './call-fault.js'

export interface HealthServiceOptions {
  /** Full names of the services that are served. */
  readonly isServed: (service: string) => boolean
  readonly checks: readonly HealthCheck[]
  readonly clock: Clock
  readonly log: Logger
}

const path = '/grpc.health.v1.Health'
const recheckMs = 5000

/**
 * `grpc.health.v1.Health`. Everything is served between start and stop. The server as a whole, the empty name, is also
 * NOT_SERVING while one of the health checks is down; watchers learn that within five seconds.
 */
export class HealthService implements GrpcService {
  readonly methods = [
    unaryMethod(`${path}/Check`, async request => this.#check(serviceOf(request)), { anyContext: true }),
    {
      kind: 'serverStream' as const,
      path: `${path}/Watch`,
      anyContext: true,
      open: (call: StreamCall) => this.#watch(call)
    }
  ]

  readonly #watches = new Set<Watch>()
  #serving = false
  #timer: Timer | undefined

  constructor(private readonly options: HealthServiceOptions) {}

  setServing(serving: boolean): void {
    this.#serving = serving
    for (const watch of this.#watches) watch.refresh()
  }

  async #check(service: string): Promise<Buffer> {
    const status = await this.#statusOf(service)
    if (status !== ServingStatus.SERVICE_UNKNOWN) return encodeMessage(HealthCheckResponse, { status })
    throw new CallFault(GrpcStatus.NOT_FOUND, `There is no gRPC service "${service}" here`)
  }

  #watch(call: StreamCall): StreamListener {
    let watch: Watch | undefined
    return {
      onMessage: request => {
        const service = serviceOf(request)
        watch = new Watch(call, () => this.#statusOf(service))
        this.#watches.add(watch)
        this.#timer ??= this.options.clock.every(recheckMs, () => this.#recheck())
        watch.refresh()
      },
      onHalfClose: () => {},
      onCancel: () => {
        if (watch !== undefined) this.#watches.delete(watch)
        if (this.#watches.size === 0) this.#stopRechecking()
      }
    }
  }

  async #statusOf(service: string): Promise<ServingStatus> {
    if (service !== '' && !this.options.isServed(service)) return ServingStatus.SERVICE_UNKNOWN
    if (!this.#serving) return ServingStatus.NOT_SERVING
    const isUp = service !== '' || (await this.#checksPass())
    return isUp && this.#serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING
  }

  async #checksPass(): Promise<boolean> {
    const passes = await Promise.all(this.options.checks.map(check => this.#passes(check)))
    return passes.every(pass => pass)
  }

  async #passes(check: HealthCheck): Promise<boolean> {
    try {
      const { status } = await check.check()
      return status !== 'DOWN' && status !== 'OUT_OF_SERVICE'
    } catch (error) {
      this.options.log.warn({ err: error, check: check.name }, 'A health check failed to answer')
      return false
    }
  }

  #recheck(): void {
    for (const watch of this.#watches) watch.refresh()
  }

  #stopRechecking(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

/** One watching caller. It is told its status at first, and then whenever that has changed. */
class Watch {
  #told: ServingStatus | undefined
  #asking = false
  #again = false

  constructor(
    private readonly call: StreamCall,
    private readonly ask: () => Promise<ServingStatus>
  ) {}

  refresh(): void {
    this.#again = true
    if (this.#asking) return
    this.#asking = true
    this.#askWhileNeeded().catch((error: unknown) => this.call.fail(error))
  }

  async #askWhileNeeded(): Promise<void> {
    while (this.#again) {
      this.#again = false
      const status = await this.ask()
      if (status === this.#told) continue
      this.#told = status
      this.call.write(encodeMessage(HealthCheckResponse, { status }))
    }
    this.#asking = false
  }
}

function serviceOf(request: Buffer): string {
  return decodeMessage(HealthCheckRequest, request).service
}
