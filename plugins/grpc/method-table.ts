import type { GrpcMethod, GrpcService } from '../../src/wire/grpc/index.js'
import { MethodCounters } from './method-counters.js'

export interface ServedMethod {
  readonly method: GrpcMethod
  readonly counters: MethodCounters
}

/** The names that very old clients use for the same services. */
const aliases: Readonly<Record<string, string>> = {
  'io.axoniq.axonserver.grpc.command.CommandService': 'io.axoniq.axonhub.grpc.CommandService',
  'io.axoniq.axonserver.grpc.query.QueryService': 'io.axoniq.axonhub.grpc.QueryService',
  'io.axoniq.axonserver.grpc.control.PlatformService': 'io.axoniq.platform.grpc.PlatformService',
  'io.axoniq.axonserver.grpc.event.EventStore': 'io.axoniq.axondb.grpc.EventStore'
}

/** All methods that are served, by path. An alias shares the counters of its method, and calls show the method's own path. */
export class MethodTable {
  readonly #byPath = new Map<string, ServedMethod>()
  readonly #services = new Set<string>()

  constructor(services: readonly GrpcService[]) {
    for (const { methods } of services) for (const method of methods) this.#add(method)
  }

  /** Full names of the services, aliases left out. */
  get services(): readonly string[] {
    return [...this.#services].sort()
  }

  /** Path to method, with aliases. */
  get paths(): ReadonlyMap<string, ServedMethod> {
    return this.#byPath
  }

  /** Each method once. */
  get methods(): readonly ServedMethod[] {
    return [...new Set(this.#byPath.values())]
  }

  #add(method: GrpcMethod): void {
    const [, service, name] = /^\/([^/]+)\/([^/]+)$/.exec(method.path) ?? []
    if (service === undefined)
      throw new Error(`"${method.path}" is not a gRPC path; write it as /package.Service/Method`)
    if (this.#byPath.has(method.path)) {
      throw new Error(
        `Two plugins serve the gRPC method ${method.path}; remove one of them from myelin.plugins`
      )
    }
    const served = { method, counters: new MethodCounters() }
    this.#services.add(service)
    this.#byPath.set(method.path, served)
    const alias = aliases[service]
    if (alias !== undefined) this.#byPath.set(`/${alias}/${name}`, served)
  }
}
