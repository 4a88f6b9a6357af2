import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { EventClient } from '../support/event-client.js'
import { ServerProcess } from '../support/server-process.js'

t.setTimeout(300_000)

const HIT = 'other'
const NEIGHBOUR = 'default'
const TRANSACTIONS = 15
const EVENTS = TRANSACTIONS * 10
const PAGE_BYTES = 4096
const SIZES = {
  'axoniq.axonserver.event.segment-size': '64KB',
  'myelin.journal.segment-size': '64KB'
}
const NEVER = '1h'

type Damage = (file: string, position: number) => void

const damages: Readonly<Record<string, Damage>> = {
  'one flipped bit': (file, position) =>
    edit(file, bytes => {
      bytes[position]! ^= 0x10
    }),
  'a zeroed page': (file, position) =>
    edit(file, bytes => void bytes.fill(0, position, Math.min(bytes.length, position + PAGE_BYTES)))
}

t.test('damage in the middle of the journal stops the context that lost an entry there', async t => {
  const made = await makeNode(t, { checkpointInterval: NEVER, end: 'SIGKILL' })
  for (const [name, damage] of Object.entries(damages)) {
    await t.test(name, async t => {
      const node = copyOf(t, made)
      const { file, position } = placeOf(node, 'log', '.journal', `${HIT}-4/5`)
      damage(file, position)
      const server = await restart(t, node)
      await refuses(t, server, HIT, /journal of replication group \d+ is damaged/)
      await servesAll(t, server, NEIGHBOUR)
      await isWarned(t, server, 'localEventStore', `${HIT}.damage`)
    })
  }
})

t.test('a torn end of the journal is cut: what was confirmed before it is there', async t => {
  const made = await makeNode(t, { checkpointInterval: NEVER, end: 'SIGKILL' })
  const node = copyOf(t, made)
  const { file, position } = placeOf(node, 'log', '.journal', `${HIT}-14/5`)
  edit(file, bytes => void bytes.fill(0, position))
  const server = await restart(t, node)
  await servesAll(t, server, NEIGHBOUR)
  const client = new EventClient(server.address, HIT)
  t.equal(await client.lastToken(), EVENTS - 11, 'the torn transaction is gone as a whole')
  await client.append(`${HIT}-14`, 0, 10)
  t.equal((await client.read(EVENTS)).length, EVENTS)
  client.close()
})

t.test('damage in a full segment fails the reads that need it, and no other', async t => {
  const made = await makeNode(t, { checkpointInterval: NEVER, end: 'SIGTERM' })
  for (const [name, damage] of Object.entries(damages)) {
    await t.test(name, async t => {
      const node = copyOf(t, made)
      const { file, position } = placeOf(node, `data/${HIT}`, '.events', `${HIT}-4/5`)
      damage(file, position)
      const server = await restart(t, node)
      await servesAll(t, server, NEIGHBOUR)
      const client = new EventClient(server.address, HIT)
      t.equal(await client.lastToken(), EVENTS - 1)
      await t.rejects(client.read(EVENTS), /\[AXONIQ-9000\] Event segment .* is damaged at byte \d+/)
      await client.append(`${HIT}-new`, 0, 1)
      client.close()
      await isWarned(t, server, 'localEventStore', `${HIT}.damage`)
    })
  }
})

t.test('damage in the active segment below the checkpoint stops its context', async t => {
  const made = await makeNode(t, { checkpointInterval: NEVER, end: 'SIGTERM' })
  for (const [name, damage] of Object.entries(damages)) {
    await t.test(name, async t => {
      const node = copyOf(t, made)
      const { file, position } = placeOf(node, `data/${HIT}`, '.events', `${HIT}-13/5`)
      damage(file, position)
      const server = await restart(t, node)
      await refuses(t, server, HIT, /Event segment .* is damaged at byte \d+/)
      await servesAll(t, server, NEIGHBOUR)
      await isWarned(t, server, 'localEventStore', `${HIT}.damage`)
    })
  }
})

t.test('damage in the state store is never answered with missing events', async t => {
  const made = await makeNode(t, { checkpointInterval: '50ms', end: 'SIGKILL' })
  const [logName] = stateFiles(made, '.log')
  const size = statSync(join(made, 'data/state/db', logName!)).size
  for (const part of [0.01, 0.5, 0.98]) {
    for (const [name, damage] of Object.entries(damages)) {
      await t.test(`${name} at ${part * 100} % of its log`, t =>
        wholeOrRefused(t, made, node =>
          damage(join(node, 'data/state/db', logName!), Math.floor(size * part))
        )
      )
    }
  }
  await t.test('its log without the end', t =>
    wholeOrRefused(t, made, node => {
      const file = join(node, 'data/state/db', logName!)
      writeFileSync(file, readFileSync(file).subarray(0, size - 20))
    })
  )
  await t.test('without its log', t =>
    wholeOrRefused(t, made, node => rmSync(join(node, 'data/state/db', logName!)))
  )
  await t.test('all of it gone', t =>
    wholeOrRefused(t, made, node => rmSync(join(node, 'data/state'), { recursive: true }))
  )
})

t.test('damage in a table of the state store is never answered with missing events', async t => {
  const made = await makeNode(t, { checkpointInterval: '50ms', end: 'SIGKILL' })
  const folded = await ServerProcess.start({ directory: made, properties: properties(NEVER) })
  await folded.stop()
  const [table] = stateFiles(made, '.sst', '.ldb')
  if (table === undefined) return t.fail('a restart folds the log into a table')
  const size = statSync(join(made, 'data/state/db', table)).size
  for (const part of [0.05, 0.5, 0.95]) {
    await t.test(`one flipped bit at ${part * 100} %`, t =>
      wholeOrRefused(t, made, node =>
        damages['one flipped bit']!(join(node, 'data/state/db', table), Math.floor(size * part))
      )
    )
  }
})

t.test(
  'state store and journal both gone: the events are not touched, and their context refuses',
  async t => {
    const node = copyOf(t, await makeNode(t, { checkpointInterval: NEVER, end: 'SIGTERM' }))
    const before = sizes(join(node, 'data', NEIGHBOUR))
    rmSync(join(node, 'data/state'), { recursive: true })
    rmSync(join(node, 'log'), { recursive: true })
    const server = await restart(t, node)
    await refuses(t, server, NEIGHBOUR, /holds events that neither the state store nor the journal knows/)
    await isWarned(t, server, 'localEventStore', `${NEIGHBOUR}.damage`)
    t.same(sizes(join(node, 'data', NEIGHBOUR)), before)
  }
)

/** Two contexts with the same events but for their aggregates, `<context>-<transaction>`. */
async function makeNode(
  t: Test,
  options: { readonly checkpointInterval: string; readonly end: NodeJS.Signals }
): Promise<string> {
  const server = await ServerProcess.start({ properties: properties(options.checkpointInterval) })
  t.teardown(() => server.remove())
  t.teardown(() => server.stop('SIGKILL'))
  const created = await fetch(`${server.url}/v1/context`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ context: HIT })
  })
  if (created.status !== 202) throw new Error(await created.text())
  const clients = [HIT, NEIGHBOUR].map(context => ({
    context,
    client: new EventClient(server.address, context)
  }))
  // The context that will be hit writes last: what is torn at the end is its own.
  for (let i = 0; i < TRANSACTIONS; i++) {
    for (const { context, client } of clients.reverse()) {
      await client.append(`${context}-${i}`, 0, 10, 1000)
    }
    clients.reverse()
    if (options.checkpointInterval !== NEVER) await new Promise(resolve => setTimeout(resolve, 60))
  }
  for (const { client } of clients) client.close()
  await server.stop(options.end)
  return server.directory
}

function properties(checkpointInterval: string): Record<string, string> {
  return { ...SIZES, 'myelin.checkpoint.interval': checkpointInterval }
}

function copyOf(t: Test, made: string): string {
  const node = mkdtempSync(join(tmpdir(), 'myelin-damage-'))
  t.teardown(() => rmSync(node, { recursive: true, force: true, maxRetries: 3 }))
  cpSync(made, node, { recursive: true })
  return node
}

async function restart(t: Test, directory: string): Promise<ServerProcess> {
  const server = await ServerProcess.start({ directory, properties: properties(NEVER) })
  t.teardown(() => server.stop('SIGKILL'))
  return server
}

/** Each context serves all that was confirmed, or refuses in words; or the whole node does. */
async function wholeOrRefused(t: Test, made: string, damage: (node: string) => void): Promise<void> {
  const node = copyOf(t, made)
  damage(node)
  const events = [HIT, NEIGHBOUR].map(context => sizes(join(node, 'data', context)))
  const server = ServerProcess.launch({ directory: node, properties: properties(NEVER) })
  t.teardown(() => server.stop('SIGKILL'))
  const started = await server.waitFor(/Started AxonServer/, 30_000).then(
    () => true,
    () => false
  )
  if (!started) {
    const code = await server.exited
    // An engine with assertions of its own may abort over a damaged table; nobody is served anything then.
    if (code === null) t.comment(`the engine ended the process:\n${server.output.slice(-300)}`)
    else {
      t.equal(code, 1, 'the node does not start')
      t.match(server.output, /damaged|[Cc]orrupt/)
      t.match(server.output, /[Rr]estore .* from a backup/, 'it says what to do')
    }
    t.same(
      [HIT, NEIGHBOUR].map(context => sizes(join(node, 'data', context))),
      events,
      'no event is touched'
    )
    return
  }
  const address = `localhost:${Number(/Gateway started on port: (\d+)/.exec(server.output)?.[1])}`
  server.httpPort = Number(/started on port\(s\): (\d+)/.exec(server.output)?.[1])
  for (const context of [HIT, NEIGHBOUR]) {
    const client = new EventClient(address, context)
    try {
      t.equal(await client.lastToken(), EVENTS - 1, `${context} is whole`)
      t.equal((await client.read(EVENTS)).length, EVENTS)
    } catch (error) {
      const { details } = error as { details?: string }
      t.match(details, /\[AXONIQ-9000\] .*(damaged).*[Rr]estore/, `${context} refuses: ${details}`)
      await isWarned(t, server, 'localEventStore', `${context}.damage`)
    } finally {
      client.close()
    }
  }
}

async function servesAll(t: Test, server: ServerProcess, context: string): Promise<void> {
  const client = new EventClient(server.address, context)
  t.equal(await client.lastToken(), EVENTS - 1)
  const events = await client.read(EVENTS)
  t.equal(
    events.findIndex(
      ({ token, aggregate }, i) => token !== i || aggregate !== `${context}-${Math.floor(i / 10)}`
    ),
    -1,
    `${context} has all its events in order`
  )
  await client.append(`${context}-new`, 0, 1)
  client.close()
}

async function refuses(t: Test, server: ServerProcess, context: string, words: RegExp): Promise<void> {
  const client = new EventClient(server.address, context)
  for (const call of [() => client.lastToken(), () => client.read(1), () => client.append('new', 0, 1)]) {
    const error = await call().then(
      () => undefined,
      (error: unknown) => error as { details: string; metadata: { get(name: string): unknown[] } }
    )
    t.match(error?.details, words)
    t.same(error?.metadata.get('axoniq-errorcode'), ['AXONIQ-9000'])
  }
  client.close()
}

async function isWarned(t: Test, server: ServerProcess, component: string, detail: string): Promise<void> {
  const response = await fetch(`${server.url}/actuator/health`)
  const health = (await response.json()) as {
    status: string
    components: Record<string, { status: string; details: Record<string, string> }>
  }
  t.equal(health.status, 'WARN')
  t.equal(health.components[component]?.status, 'WARN')
  t.ok(health.components[component]?.details[detail], detail)
}

/** The place of an event in the files of a directory. */
function placeOf(
  node: string,
  directory: string,
  suffix: string,
  messageId: string
): { file: string; position: number } {
  for (const name of readdirSync(join(node, directory)).sort()) {
    if (!name.endsWith(suffix)) continue
    const file = join(node, directory, name)
    const position = readFileSync(file).indexOf(messageId)
    if (position >= 0) return { file, position }
  }
  throw new Error(`${messageId} is in no ${suffix} of ${directory}`)
}

function stateFiles(node: string, ...suffixes: string[]): string[] {
  const directory = join(node, 'data/state/db')
  return readdirSync(directory)
    .filter(name => /^\d/.test(name) && suffixes.some(suffix => name.endsWith(suffix)))
    .filter(name => statSync(join(directory, name)).size > 0)
}

function sizes(directory: string): Record<string, number> {
  return Object.fromEntries(readdirSync(directory).map(name => [name, statSync(join(directory, name)).size]))
}

function edit(file: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file)
  change(bytes)
  writeFileSync(file, bytes)
}
