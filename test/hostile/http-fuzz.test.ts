import { connect, type Socket } from 'node:net'
import t from 'tap'
import { ServerProcess } from '../support/server-process.js'
import { GoodClient } from './support/good-client.js'
import { attackHttp, type HttpAnswer } from './support/http-attacker.js'
import { Random } from './support/random.js'
import { isFullRun, mebibytes, pause, ServerWatch } from './support/server-watch.js'

const roundMs = Number(process.env.HOSTILE_ROUND_MS ?? (isFullRun ? 100_000 : 4_000))
const attackers = 24
const growthBytesMax = 96 * 1024 * 1024

t.setTimeout(roundMs * 3 + 120_000)

async function start(properties: Readonly<Record<string, string>> = {}) {
  const server = await ServerProcess.start({ properties })
  const watch = new ServerWatch(server)
  t.teardown(async () => {
    watch.stop()
    await server.stop()
    server.remove()
  })
  return { server, watch }
}

t.test(
  'whatever comes on the HTTP port, it is answered in the known forms and never as our failure',
  async t => {
    const random = Random.seeded()
    t.comment(`HOSTILE_SEED=${random.seed}`)
    const { server, watch } = await start()
    const good = await GoodClient.connect(server.address)
    t.teardown(() => good.close())
    const residents: number[] = []
    for (let round = 0; round < 3; round++) {
      const startMs = Date.now()
      const answers = await attackFor(roundMs, server, random)
      const perSecond = Math.round((answers.length * 1000) / (Date.now() - startMs))
      t.equal(server.exitCode, null, 'the process lives')
      t.same(answers.filter(isFailure).slice(0, 5), [], 'nothing is our failure')
      t.same(answers.filter(answer => !hasKnownForm(answer)).slice(0, 5), [], 'all errors have a known form')
      await t.resolves(good.check(), 'clients on the gRPC port are served')
      await pause(500)
      residents.push(watch.residentBytes)
      t.comment(
        `${answers.length} requests (${perSecond}/s): ${statuses(answers)}, ${mebibytes(residents.at(-1)!)}`
      )
    }
    watch.read()
    t.same(watch.findings, [], 'the log has no bug')
    const growth = residents[2]! - residents[1]!
    t.ok(growth < growthBytesMax, `between two equal rounds it grew by ${mebibytes(growth)}`)
  }
)

async function attackFor(durationMs: number, server: ServerProcess, random: Random): Promise<HttpAnswer[]> {
  const endMs = Date.now() + durationMs
  const answers: HttpAnswer[] = []
  const attack = async () => {
    while (Date.now() < endMs && server.exitCode === null) {
      const { body, ...answer } = await attackHttp(server.httpPort, random)
      answers.push({ ...answer, body: answer.status < 400 ? '' : body.slice(0, 20_000) })
    }
  }
  await Promise.all(Array.from({ length: attackers }, attack))
  return answers
}

function isFailure({ status, request }: HttpAnswer): boolean {
  return status >= 500 && !(status === 503 && request.includes('/actuator/health'))
}

/** What never becomes a request of a route: no HTTP, too long a head, too slow, an unknown `Expect`. */
const belowRoutes = [400, 408, 417, 431]

/** An error says what it is in one of three forms; a HEAD says nothing. */
function hasKnownForm({ request, status, headers, body }: HttpAnswer): boolean {
  if (status < 400 || request.startsWith('HEAD ')) return true
  if (
    belowRoutes.includes(status) &&
    /^$|"message":"(Client Error|Exceeded maximum|Client Timeout)/.test(body)
  )
    return true
  const code = headers['axoniq-errorcode']
  if (code !== undefined && headers['content-type']?.startsWith('text/plain'))
    return body.startsWith(`[${code}] `)
  const json = parseJson(body)
  if (json === undefined) return false
  if (code !== undefined) return json.success === false && String(json.message).startsWith(`[${code}] `)
  const members = ['timestamp', 'status', 'error', 'path', 'asVersion', 'product']
  return members.every(member => member in json) && json.status === status
}

function parseJson(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function statuses(answers: readonly HttpAnswer[]): string {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return JSON.stringify(counts)
}

t.test('callers that send slowly, or never finish, harm nobody else and are sent away', async t => {
  const { server, watch } = await start()
  const before = watch.residentBytes
  const slow = Array.from({ length: 500 }, (_, number) => slowCaller(server.httpPort, number % 2 === 0))
  const drip = setInterval(() => {
    for (const socket of slow) if (!socket.destroyed) socket.write('x')
  }, 500)
  t.teardown(() => {
    clearInterval(drip)
    for (const socket of slow) socket.destroy()
  })
  await pause(1_500)
  const startMs = performance.now()
  const response = await fetch(`${server.url}/actuator/health`)
  t.equal(response.status, 200, 'another caller is answered')
  t.comment(
    `in ${Math.round(performance.now() - startMs)} ms, beside ${slow.length} slow callers, ${mebibytes(watch.residentBytes - before)} more`
  )
  t.ok(watch.residentBytes - before < 64 * 1024 * 1024, 'slow callers cost little')
  if (!isFullRun) return
  await pause(95_000)
  t.ok(
    slow.every(socket => socket.destroyed),
    'after a minute and a half they are all gone'
  )
})

/** Half of them never finish their headers, half their body. */
function slowCaller(port: number, inBody: boolean): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  const length = inBody ? 'Content-Length: 1000000\r\nContent-Type: application/json\r\n\r\n{' : 'X-Slow: '
  socket.write(`POST /v1/context HTTP/1.1\r\nHost: localhost\r\n${length}`)
  return socket
}
