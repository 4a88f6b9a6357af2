import { connect } from 'node:net'
import type { Random } from './random.js'

export interface HttpAnswer {
  readonly request: string
  /** 0: the connection ended without an answer. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const routes = [
  '/actuator',
  '/actuator/health',
  '/actuator/health/liveness',
  '/actuator/health/:x',
  '/actuator/info',
  '/actuator/metrics',
  '/actuator/metrics/:x',
  '/actuator/prometheus',
  '/internal/raft/contexts',
  '/v1/public',
  '/v1/public/me',
  '/v1/public/version',
  '/v1/public/mycontexts',
  '/v1/public/context',
  '/v1/context',
  '/v1/context/init',
  '/v1/context/:x',
  '/v1/components/clients',
  '/v1/components/:x/instances',
  '/v1/components/:x/commands',
  '/v1/components/:x/processors',
  '/v1/components/:x/processors/:x/segments',
  '/v1/components/:x/processors/:x/pause',
  '/v1/components/:x/processors/:x/start',
  '/v1/components/:x/processors/:x/segments/split',
  '/v1/components/:x/processors/:x/segments/merge',
  '/v1/components/:x/processors/:x/segments/:x/move',
  '/v1/components/:x/processors/:x/loadbalance',
  '/v1/processors/:x/autoloadbalance/strategies',
  '/v1/instructions',
  '/v1/events',
  '/v1/commands/run',
  '/nothing'
]
const methods = [
  'GET',
  'GET',
  'POST',
  'PATCH',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'NONSENSE',
  'get'
]
const segments = [
  'a',
  '%',
  '%zz',
  '%00',
  '..',
  '%2e%2e%2f',
  '-1',
  '1e9',
  '%F0%9F%98%80',
  '__proto__',
  'constructor',
  ':x',
  '*'
]
const parameters = [
  'context',
  'client',
  'tokenStoreIdentifier',
  'target',
  'strategy',
  'tag',
  'preserveEventStore',
  'nope'
]
const oddHeaders = [
  'Upgrade: TLS/1.2',
  'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings',
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x',
  'Accept: text/event-stream',
  'Accept: text/html',
  'Accept: ;;;',
  'AxonIQ-Context: nowhere',
  'AxonIQ-Access-Token: \x01',
  'Expect: 100-continue',
  'Expect: a-miracle',
  'Transfer-Encoding: chunked',
  'Content-Length: -5',
  'Content-Length: 99999999999',
  'Cookie: JSESSIONID=%',
  'no colon',
  `X-Long: ${'x'.repeat(20_000)}`
]
const contentTypes = [
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'application/x-www-form-urlencoded',
  '/',
  'multipart/form-data'
]

/** One request, nearly right or quite wrong, and its answer. */
export function attackHttp(port: number, random: Random): Promise<HttpAnswer> {
  const request = randomRequest(random)
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('error', () => {})
    socket.on('data', chunk => chunks.push(chunk))
    // Requests that promise more than they send are never answered.
    const timer = setTimeout(() => socket.destroy(), 400)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(parse(request.toString('latin1', 0, 300), Buffer.concat(chunks).toString('latin1')))
    })
    socket.write(request)
  })
}

function randomRequest(random: Random): Buffer {
  if (random.chance(0.05)) return random.bytes(random.length(5_000))
  const path = random.pick(routes).replaceAll(':x', () => randomSegment(random))
  const wrong = random.chance(0.1) ? random.pick(['/', '.json', '//', '?', '#', '%', '/*']) : ''
  const body = randomBody(random)
  const head = [
    `${random.pick(methods)} ${path}${wrong}${randomQuery(random)} HTTP/${random.chance(0.97) ? '1.1' : '1.0'}`,
    'Host: localhost',
    'Connection: close',
    ...(random.chance(0.3) ? [random.pick(oddHeaders)] : []),
    ...(random.chance(0.7) ? [`Content-Type: ${random.pick(contentTypes)}`] : []),
    ...(random.chance(0.9) ? [`Content-Length: ${body.length}`] : [])
  ]
  const bytes = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body])
  return random.chance(0.05) ? bytes.subarray(0, random.below(bytes.length)) : bytes
}

function randomSegment(random: Random): string {
  if (random.chance(0.8)) return random.pick(segments)
  return random.chance(0.5)
    ? 'n'.repeat(random.below(3_000))
    : encodeURIComponent(random.bytes(6).toString('latin1'))
}

function randomQuery(random: Random): string {
  const count = random.below(4)
  const pairs = Array.from({ length: count }, () => `${random.pick(parameters)}=${randomSegment(random)}`)
  return count === 0 ? '' : `?${pairs.join('&')}`
}

function randomBody(random: Random): Buffer {
  const depth = 1 + random.below(20_000)
  // No name that exists: the other clients of the server need their context.
  const values = [
    'null',
    '1',
    '"x"',
    '[]',
    '{}',
    '[null]',
    '{"node":1}',
    '"9bad name"',
    '{"__proto__":{}}',
    '1e999'
  ]
  switch (random.below(8)) {
    case 0:
      return Buffer.alloc(0)
    case 1:
      return Buffer.from('['.repeat(depth) + ']'.repeat(depth))
    case 2:
      return Buffer.from('{"a":'.repeat(depth))
    case 3:
      return random.bytes(random.length(50_000))
    case 4:
      return Buffer.from(`{"context":"9${'x'.repeat(random.chance(0.1) ? 2_000_000 : 1000)}"}`)
    default:
      return Buffer.from(
        `{"context":"9bad name","replicationGroup":${random.pick(values)},"roles":${random.pick(values)},"metaData":${random.pick(values)},"dcbContext":${random.pick(values)}}`
      )
  }
}

function parse(request: string, text: string): HttpAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0)
  if (status === 100) return parse(request, text.slice(end + 4))
  const headers = Object.fromEntries(
    lines.map(line => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim()
    ])
  )
  const body = text.slice(end + 4)
  const length = headers['content-length']
  // Chunks are only sent where there is no body.
  return { request, status, headers, body: length === undefined ? '' : body.slice(0, Number(length)) }
}
