import {
  createFileRegistry,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  toBinary
} from '@bufbuild/protobuf'
import {
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema
} from '@bufbuild/protobuf/wkt'
import type { BytesClient } from '../../../bench/client.js'
import {
  ServerReflectionRequest,
  ServerReflectionResponse
} from '../../../src/wire/generated/grpc/reflection/v1/reflection.js'
import { decodeMessage, encodeMessage } from '../../../src/wire/index.js'

const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'

export interface ServedRpc {
  readonly path: string
  readonly method: DescMethod
}

/** All that a server says it serves, with the shapes of the messages. */
export async function readRpcs(client: BytesClient): Promise<ServedRpc[]> {
  const services = await ask(client, { $case: 'listServices', value: '' })
  if (services?.$case !== 'listServicesResponse') throw new Error('The server does not list its services')
  const rpcs: ServedRpc[] = []
  for (const { name } of services.value.service) {
    const registry = await describe(client, name)
    for (const method of registry.getService(name)?.methods ?? [])
      rpcs.push({ path: `/${name}/${method.name}`, method })
  }
  return rpcs
}

async function describe(client: BytesClient, service: string): Promise<FileRegistry> {
  const answer = await ask(client, { $case: 'fileContainingSymbol', value: service })
  if (answer?.$case !== 'fileDescriptorResponse') throw new Error(`The server does not describe ${service}`)
  const [own, ...imports] = answer.value.fileDescriptorProto.map(bytes =>
    fromBinary(FileDescriptorProtoSchema, bytes)
  )
  const pending = [own!, ...imports]
  const file: FileDescriptorSet['file'] = []
  // A registry wants a file after what it imports.
  while (pending.length > 0) {
    const ready = pending.findIndex(({ dependency }) =>
      dependency.every(name => !pending.some(other => other.name === name))
    )
    file.push(...pending.splice(ready, 1))
  }
  const set = { $typeName: FileDescriptorSetSchema.typeName, file } as FileDescriptorSet
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, toBinary(FileDescriptorSetSchema, set)))
}

function ask(
  client: BytesClient,
  messageRequest: NonNullable<ServerReflectionRequest['messageRequest']>
): Promise<ServerReflectionResponse['messageResponse']> {
  return new Promise((resolve, reject) => {
    const call = client.duplex(reflection)
    call.on('error', reject)
    call.on('data', (bytes: Buffer) => {
      resolve(decodeMessage(ServerReflectionResponse, bytes).messageResponse)
      call.end()
    })
    call.write(encodeMessage(ServerReflectionRequest, { host: '', messageRequest }))
  })
}
