import t from 'tap'
import { EventClient } from '../support/event-client.js'
import { ServerProcess } from '../support/server-process.js'

const EVENTS = process.env.CI_FULL === '1' ? 1_000_000 : 100_000
const EVENTS_PER_TRANSACTION = 1000
const CONTEXTS = 24

t.test(
  `${EVENTS} events and ${CONTEXTS} contexts are there after kill -9 and after a stop`,
  { timeout: 600_000 },
  async t => {
    let server = await ServerProcess.start()
    t.teardown(() => server.remove())
    t.teardown(() => server.stop('SIGKILL'))
    await fill(server)
    const contexts = await createContexts(server)
    await server.stop('SIGKILL')

    server = await ServerProcess.start({ directory: server.directory })
    t.comment(`start after kill -9: ${startSeconds(server)} s`)
    await check(server)
    t.equal(await server.stop(), 0)

    server = await ServerProcess.start({ directory: server.directory })
    t.comment(`start after a stop: ${startSeconds(server)} s`)
    await check(server)

    async function check(server: ServerProcess): Promise<void> {
      const client = new EventClient(server.address)
      t.equal(await client.lastToken(), EVENTS - 1)
      const events = await client.read(EVENTS, 120_000)
      t.equal(
        events.findIndex(({ token }, i) => token !== i),
        -1,
        'tokens have no gaps'
      )
      client.close()
      for (const context of contexts) {
        const other = new EventClient(server.address, context)
        const last = await other.lastToken()
        if (last !== 9) t.fail(`${context} ends at ${last}`)
        other.close()
      }
    }
  }
)

async function fill(server: ServerProcess): Promise<void> {
  const client = new EventClient(server.address)
  const transactions = EVENTS / EVENTS_PER_TRANSACTION
  for (let done = 0; done < transactions; done += 4) {
    const batch = Array.from({ length: Math.min(4, transactions - done) }, (_, i) =>
      client.append(`aggregate-${done + i}`, 0, EVENTS_PER_TRANSACTION, 250)
    )
    await Promise.all(batch)
  }
  client.close()
}

async function createContexts(server: ServerProcess): Promise<string[]> {
  const names = Array.from({ length: CONTEXTS }, (_, i) => `context-${i}`)
  for (const context of names) {
    const headers = { 'Content-Type': 'application/json' }
    const created = await fetch(`${server.url}/v1/context`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ context })
    })
    if (created.status !== 202) throw new Error(`${created.status} ${await created.text()}`)
    const client = new EventClient(server.address, context)
    await client.append('aggregate', 0, 10)
    client.close()
  }
  return names
}

function startSeconds(server: ServerProcess): string {
  return /process running for ([\d.]+)/.exec(server.output)?.[1] ?? '?'
}
