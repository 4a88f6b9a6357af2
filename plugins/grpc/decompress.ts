import { gunzipSync, inflateSync } from 'node:zlib'
import { GrpcStatus } from '../../src/wire/index.js'
import { CallFault } from './call-fault.js'

const decompressors: Readonly<Record<string, typeof gunzipSync>> = { gzip: gunzipSync, deflate: inflateSync }

/** No known client compresses; at once and in order is good enough. The size is bounded against bombs. */
export function decompress(body: Buffer, encoding: string, bytesMax: number): Buffer {
  const decompressor = Object.hasOwn(decompressors, encoding) ? decompressors[encoding] : undefined
  if (decompressor === undefined) {
    throw new CallFault(GrpcStatus.UNIMPLEMENTED, `Messages compressed with "${encoding}" cannot be read`)
  }
  try {
    return decompressor(body, { maxOutputLength: bytesMax })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new CallFault(
        GrpcStatus.RESOURCE_EXHAUSTED,
        `A message has more than ${bytesMax} bytes when decompressed`
      )
    }
    throw new CallFault(GrpcStatus.INTERNAL, 'A compressed message cannot be decompressed')
  }
}
