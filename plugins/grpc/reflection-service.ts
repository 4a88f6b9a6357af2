import {
  type ServerReflectionRequest as Request,
  ServerReflectionRequest,
  ServerReflectionResponse
} from '../../src/wire/generated/grpc/reflection/v1/reflection.js'
import type { GrpcMethod, GrpcService, StreamCall, StreamListener } from '../../src/wire/grpc/index.js'
import { decodeMessage, encodeMessage, GrpcStatus } from '../../src/wire/index.js'
import { DescriptorIndex } from './descriptor-index.js'

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>

/** Server reflection for tools such as grpcurl. Both versions have the same messages under different names. */
export class ReflectionService implements GrpcService {
  readonly methods: readonly GrpcMethod[] = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'].map(name => ({
    kind: 'bidiStream',
    path: `/${name}.ServerReflection/ServerReflectionInfo`,
    anyContext: true,
    open: call => this.#open(call)
  }))

  readonly #descriptors = new DescriptorIndex()

  constructor(private readonly services: () => readonly string[]) {}

  #open(call: StreamCall): StreamListener {
    return {
      onMessage: bytes => {
        const request = decodeMessage(ServerReflectionRequest, bytes)
        if (!call.write(this.#respond(request))) call.pause()
      },
      onDrain: () => call.resume(),
      onHalfClose: () => call.end(),
      onCancel: () => {}
    }
  }

  #respond(request: Request): Buffer {
    return encodeMessage(ServerReflectionResponse, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: this.#answer(request.messageRequest)
    })
  }

  #answer(request: Request['messageRequest']): Answer {
    switch (request?.$case) {
      case 'listServices':
        return {
          $case: 'listServicesResponse',
          value: { service: this.services().map(name => ({ name })) }
        }
      case 'fileByFilename':
        return this.#files(this.#descriptors.named(request.value), `There is no file "${request.value}"`)
      case 'fileContainingSymbol':
        return this.#files(this.#descriptors.defining(request.value), `Nothing is called "${request.value}"`)
      case 'fileContainingExtension':
      case 'allExtensionNumbersOfType':
        return failure(GrpcStatus.NOT_FOUND, 'There are no extensions')
      default:
        return failure(GrpcStatus.INVALID_ARGUMENT, 'The request asks for nothing')
    }
  }

  #files(file: Parameters<DescriptorIndex['withImports']>[0] | undefined, missing: string): Answer {
    if (file === undefined) return failure(GrpcStatus.NOT_FOUND, missing)
    return {
      $case: 'fileDescriptorResponse',
      value: { fileDescriptorProto: this.#descriptors.withImports(file) }
    }
  }
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } }
}
