import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'

const PUT = '/etcdserverpb.KV/Put'
const STATUS = '/etcdserverpb.Maintenance/Status'
const FRAME_HEADER_BYTES = 5

/**
 * Calls of etcd's API as gRPC puts them on HTTP/2, without a gRPC library: the client shares the machine with the servers, so what
 * it saves goes to etcd.
 */
export class EtcdClient {
  readonly #session: ClientHttp2Session

  constructor(port: number) {
    this.#session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 1 << 20 } })
    // Calls report what breaks them.
    this.#session.on('error', () => {})
  }

  /** `value` replaces what the key holds, replicated and synced when `done` is called. */
  put(key: Buffer, value: Buffer, done: (error?: Error) => void): void {
    const request = new BinaryWriter().uint32(10).bytes(key).uint32(18).bytes(value).finish()
    this.#call(PUT, request, error => done(error))
  }

  /** The member that answers, and the one that it takes for the leader. */
  status(): Promise<{ readonly member: string; readonly leader: string }> {
    return new Promise((resolve, reject) => {
      this.#call(STATUS, new Uint8Array(0), (error, reply) => {
        if (error !== undefined) reject(error)
        else resolve(decodeStatus(reply!))
      })
    })
  }

  close(): void {
    this.#session.destroy()
  }

  #call(path: string, request: Uint8Array, done: (error?: Error, reply?: Buffer) => void): void {
    const call = this.#session.request(
      {
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: path,
        [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
        [constants.HTTP2_HEADER_TE]: 'trailers'
      },
      { endStream: false }
    )
    let status = 'no answer'
    const pieces: Buffer[] = []
    // An answer that fails at once carries its status in the headers.
    call.on('response', headers => {
      status = String(headers['grpc-status'] ?? status)
    })
    call.on('trailers', trailers => {
      status = `${trailers['grpc-status']} ${trailers['grpc-message'] ?? ''}`.trim()
    })
    call.on('data', (piece: Buffer) => pieces.push(piece))
    call.on('error', () => {})
    call.on('close', () => {
      if (status === '0') done(undefined, Buffer.concat(pieces).subarray(FRAME_HEADER_BYTES))
      else done(new Error(`etcd answered ${path} with ${status}`))
    })
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + request.length)
    frame[0] = 0
    frame.writeUInt32BE(request.length, 1)
    frame.set(request, FRAME_HEADER_BYTES)
    call.end(frame)
  }
}

/** StatusResponse: field 1 is the header with the member's id in its field 2, field 4 the leader's. */
function decodeStatus(reply: Buffer): { member: string; leader: string } {
  const reader = new BinaryReader(reply)
  let member = ''
  let leader = ''
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (field === 1) member = decodeMember(reader.bytes())
    else if (field === 4) leader = String(reader.uint64())
    else reader.skip(type)
  }
  return { member, leader }
}

function decodeMember(header: Uint8Array): string {
  const reader = new BinaryReader(header)
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (field === 2) return String(reader.uint64())
    reader.skip(type)
  }
  return ''
}
