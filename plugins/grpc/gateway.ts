import {
  type Clock,
  type HealthCheck,
  type Measurement,
  type MetricsSource,
  token
} from '../../src/kernel/index.js'
import type { ContextGate, GrpcEndpoint, GrpcService } from '../../src/wire/grpc/index.js'
import { grpcMetrics } from './grpc-metrics.js'
import { GrpcServer, type GrpcServerOptions } from './grpc-server.js'
import { HealthService } from './health-service.js'
import { ReflectionService } from './reflection-service.js'

export interface GatewayOptions extends Omit<GrpcServerOptions, 'services' | 'gate'> {
  readonly clock: Clock
}

/** What the other plugins contribute. */
export interface GatewayParts {
  readonly services: readonly GrpcService[]
  readonly checks: readonly HealthCheck[]
  readonly gate: ContextGate | undefined
}

/** The gRPC port of a node: the services of all plugins, health and reflection. */
export class Gateway implements GrpcEndpoint, MetricsSource {
  #server: GrpcServer | undefined
  #services: readonly GrpcService[] = []
  #health: HealthService | undefined

  constructor(private readonly options: GatewayOptions) {}

  get port(): number {
    return this.#server?.port ?? 0
  }

  async start(parts: GatewayParts): Promise<void> {
    const { clock, log } = this.options
    const served = (): readonly string[] => server.methods.services
    const isServed = (service: string): boolean => served().includes(service)
    const health = new HealthService({ isServed, checks: parts.checks, clock, log })
    const services = [...parts.services, health, new ReflectionService(served)]
    const server = new GrpcServer({ ...this.options, services, gate: parts.gate })
    await server.start()
    this.#server = server
    this.#services = services
    this.#health = health
    health.setServing(true)
    log.info(`Axon Server Gateway started on port: ${server.port} - no SSL`)
  }

  async stop(): Promise<void> {
    if (this.#server === undefined) return
    this.#health?.setServing(false)
    for (const service of this.#services) service.drain?.()
    await this.#server.stop()
    this.options.log.info('Axon Server Gateway stopped')
  }

  measurements(): Iterable<Measurement> {
    return this.#server === undefined ? [] : grpcMetrics(this.#server).measurements()
  }
}

export const GatewayToken = token<Gateway>('grpc/Gateway@1')
