import t from 'tap'
import { EventClient, type StoredEvent } from '../support/event-client.js'
import { ServerProcess } from '../support/server-process.js'

const ROUNDS = process.env.CI_FULL === '1' ? 100 : 20
const WRITERS = 8

interface Writer {
  readonly aggregate: string
  /** Events that were confirmed, and events of a transaction that nobody answered. */
  confirmed: number
  unanswered: number
}

/** Small sizes, so that kills meet checkpoints, new segments and new journal files too. */
const PROPERTIES = {
  'axoniq.axonserver.event.segment-size': '256KB',
  'myelin.journal.segment-size': '256KB',
  'myelin.checkpoint.interval': '100ms'
}

t.test(
  `kill -9 at random moments under load, ${ROUNDS} rounds: what was confirmed is there once and in order`,
  { timeout: 1_200_000 },
  async t => {
    const writers: Writer[] = Array.from({ length: WRITERS }, (_, i) => ({
      aggregate: `writer-${i}`,
      confirmed: 0,
      unanswered: 0
    }))
    let server = await ServerProcess.start({ properties: PROPERTIES })
    t.teardown(() => server.remove())
    t.teardown(() => server.stop('SIGKILL'))
    for (let round = 1; round <= ROUNDS; round++) {
      const load = writers.map(writer => write(server.address, writer))
      await new Promise(resolve => setTimeout(resolve, 50 + Math.random() * 400))
      await server.stop('SIGKILL')
      await Promise.all(load)
      server = await ServerProcess.start({ directory: server.directory, properties: PROPERTIES })
      const problem = await verify(server.address, writers)
      if (problem !== undefined) return t.fail(`round ${round}: ${problem}`)
    }
    const stored = writers.reduce((sum, writer) => sum + writer.confirmed, 0)
    t.ok(stored > ROUNDS * 20, `${stored} events over ${ROUNDS} kills`)
  }
)

/** Appends until the server is gone. */
async function write(address: string, writer: Writer): Promise<void> {
  const client = new EventClient(address)
  try {
    for (;;) {
      const count = 1 + Math.floor(Math.random() * 5)
      writer.unanswered = count
      await client.append(writer.aggregate, writer.confirmed, count)
      writer.confirmed += count
      writer.unanswered = 0
    }
  } catch {
    // The kill; what is in flight now may be stored or not.
  } finally {
    client.close()
  }
}

async function verify(address: string, writers: readonly Writer[]): Promise<string | undefined> {
  const client = new EventClient(address)
  try {
    const stored = await client.read((await client.lastToken()) + 1)
    const gap = stored.findIndex((event, i) => event.token !== i)
    if (gap >= 0) return `token ${stored[gap]!.token} stands where ${gap} should`
    for (const writer of writers) {
      const problem = check(writer, stored)
      if (problem !== undefined) return problem
    }
    return undefined
  } finally {
    client.close()
  }
}

function check(writer: Writer, stored: readonly StoredEvent[]): string | undefined {
  const sequences = stored
    .filter(({ aggregate }) => aggregate === writer.aggregate)
    .map(({ sequence }) => sequence)
  if (sequences.some((sequence, i) => sequence !== i)) return `${writer.aggregate} has ${sequences}`
  const { length } = sequences
  if (length !== writer.confirmed && length !== writer.confirmed + writer.unanswered) {
    return `${writer.aggregate}: ${writer.confirmed} confirmed, ${writer.unanswered} unanswered, ${length} stored`
  }
  writer.confirmed = length
  writer.unanswered = 0
  return undefined
}
