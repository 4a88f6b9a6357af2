import t, { type Test } from 'tap'
import { HttpListener, type HttpListenerOptions } from '../../../plugins/rest/http-listener.js'
import type { Routes } from '../../../plugins/rest/http-server.js'
import { silentLogger } from '../../../src/kernel/index.js'

const routes: Routes[] = [app => app.get('/', async () => 'here')]
/** Set aside for documentation (RFC 5737): no machine has it. */
const ABSENT = '203.0.113.1'

function listener(t: Test, changes: Partial<HttpListenerOptions> = {}): HttpListener {
  const created = new HttpListener({
    product: 'Product',
    version: '1.2.3',
    contextPath: '',
    trustProxy: false,
    log: silentLogger,
    hosts: ['127.0.0.1'],
    port: 0,
    portProperty: 'server.port',
    ...changes
  })
  t.teardown(() => created.close())
  return created
}

t.test('the bound port is known, and free again after the close', async t => {
  const first = listener(t)
  await first.listen(routes)
  t.not(first.port, 0)
  t.equal(await (await fetch(`http://127.0.0.1:${first.port}/`)).text(), 'here')
  const { port } = first
  await first.close()
  const second = listener(t, { port })
  await second.listen(routes)
  t.equal(second.port, port)
})

t.test('an address that this machine does not have is passed over while there is another one', async t => {
  const created = listener(t, { hosts: [ABSENT, '127.0.0.1'] })
  await created.listen(routes)
  t.equal(await (await fetch(`http://127.0.0.1:${created.port}/`)).text(), 'here')
  await t.rejects(listener(t, { hosts: [ABSENT] }).listen(routes), {
    message:
      /^HTTP can not listen on 203\.0\.113\.1 port 0: .*EADDRNOTAVAIL.*server\.address.*\(server\.port\)$/
  })
})

t.test('a port that is in use is said to be, and no other address is tried', async t => {
  const first = listener(t)
  await first.listen(routes)
  const second = listener(t, {
    port: first.port,
    hosts: ['127.0.0.1', '127.0.0.2'],
    portProperty: 'its.port'
  })
  await t.rejects(second.listen(routes), {
    message: `HTTP can not listen on 127.0.0.1 port ${first.port}: another process listens there. Stop it, or choose another port (its.port)`
  })
})

t.test('a close does not wait for a connection that is kept open', async t => {
  const created = listener(t)
  await created.listen(routes)
  await (await fetch(`http://127.0.0.1:${created.port}/`, { headers: { connection: 'keep-alive' } })).text()
  const startMs = performance.now()
  await created.close()
  t.ok(performance.now() - startMs < 3000)
})
