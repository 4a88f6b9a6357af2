import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import grpc from '../../../plugins/grpc/index.js'
import { definePlugin, type KernelOptions, MetricsSource } from '../../../src/kernel/index.js'
import { Kernel } from '../../../src/kernel/kernel.js'
import { ContextGate, GrpcEndpoint, GrpcService, unaryMethod } from '../../../src/wire/grpc/index.js'
import { connect, exchange } from './fixture.js'

const echo = unaryMethod('/test.Service/Echo', message => message)

const service = definePlugin({
  name: 'echo',
  version: '1.0.0',
  kernel: '*',
  provides: [ContextGate],
  extends: [GrpcService],
  register: ({ services }) => {
    services.add(GrpcService, () => ({ methods: [echo] }))
    services.bind(ContextGate, () => ({ exists: context => context === 'default' }))
  }
})

function options(t: Test, argv: readonly string[] = []): KernelOptions {
  const cwd = mkdtempSync(join(tmpdir(), 'myelin-grpc-'))
  t.teardown(() => rmSync(cwd, { recursive: true }))
  return {
    argv: ['--axoniq.axonserver.port=0', '--spring.config.location=optional:none/', ...argv],
    env: {},
    cwd,
    plugins: [grpc, service],
    output: {
      write: (_text: string, done?: () => void) => {
        done?.()
        return true
      }
    }
  }
}

t.test('the plugin serves what the others contribute, for contexts that exist', async t => {
  const kernel = await Kernel.start(options(t))
  t.teardown(() => kernel.stop())
  const { port } = kernel.services.get(GrpcEndpoint)
  t.ok(port > 0)
  const session = connect(t, port)
  t.match(await exchange(session, echo.path, [Buffer.of(1)]), { status: '0' })
  t.match(await exchange(session, echo.path, [Buffer.of(1)], { 'axoniq-context': 'x' }), {
    errorCode: 'AXONIQ-1302'
  })
  const measured = kernel.services.all(MetricsSource).flatMap(source => [...source.measurements()])
  t.ok(measured.some(({ name, value }) => name === 'grpc.server.calls' && value === 2))
  t.strictSame(await kernel.stop(), [])
})

t.test('the limits come from the properties', async t => {
  const kernel = await Kernel.start(options(t, ['--axoniq.axonserver.max-message-size=10KB']))
  t.teardown(() => kernel.stop())
  const session = connect(t, kernel.services.get(GrpcEndpoint).port)
  t.match(await exchange(session, echo.path, [Buffer.alloc(10_240)]), { status: '0' })
  t.match(await exchange(session, echo.path, [Buffer.alloc(10_241)]), { status: '8' })
})

t.test('a start with TLS, which this port does not speak, is refused', async t => {
  await t.rejects(Kernel.start(options(t, ['--axoniq.axonserver.ssl.enabled=true'])), {
    message: /ssl\.enabled/
  })
})
