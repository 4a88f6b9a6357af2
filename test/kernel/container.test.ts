import t from 'tap'
import { Container } from '../../src/kernel/container.js'
import { serviceName, token, tokenName } from '../../src/kernel/token.js'

interface Engine {
  readonly name: string
}
const Engine = token<Engine>('test/Engine@1')
const Wheel = token<string>('test/Wheel@1')
const Point = token<string>('test/Point@2')

t.test('a service is made at the first get, and once', async t => {
  const container = new Container()
  let made = 0
  container.bind(Engine, () => ({ name: `engine ${++made}` }))
  t.equal(made, 0)
  const first: Engine = container.get(Engine)
  t.equal(container.get(Engine), first)
  t.equal(container.find(Engine), first)
  t.equal(made, 1)
})

t.test('a service may be undefined and is still made once', async t => {
  const container = new Container()
  let made = 0
  container.bind(token<undefined>('test/Nothing@1'), () => void made++)
  container.get(token('test/Nothing@1'))
  container.get(token('test/Nothing@1'))
  t.equal(made, 1)
})

t.test('equal names are equal tokens, and kernels share nothing', async t => {
  const one = new Container()
  const other = new Container()
  one.bind(Wheel, () => 'round')
  t.equal(one.get(token<string>('test/Wheel@1')), 'round')
  t.equal(other.find(Wheel), undefined)
})

t.test('a second binding is refused, in either form', async t => {
  const container = new Container()
  container.bind(Wheel, () => 'round')
  container.add(Point, () => 'a')
  t.throws(() => container.bind(Wheel, () => 'square'), { code: 'KERNEL_SERVICE_BOUND_TWICE' })
  t.throws(() => container.add(Wheel, () => 'square'), { code: 'KERNEL_SERVICE_BOUND_TWICE' })
  t.throws(() => container.bind(Point, () => 'b'), { code: 'KERNEL_SERVICE_BOUND_TWICE' })
  t.equal(container.get(Wheel), 'round')
})

t.test('contributions come in the order in which they were added, each made once', async t => {
  const container = new Container()
  let made = 0
  for (const name of ['a', 'b', 'c']) container.add(Point, () => name + ++made)
  t.same(container.all(Point), ['a1', 'b2', 'c3'])
  t.same(container.all(Point), ['a1', 'b2', 'c3'])
  t.same(container.all(token('test/Nobody@1')), [])
})

t.test('what nobody has bound is an error for get and undefined for find', async t => {
  const container = new Container()
  container.add(Point, () => 'a')
  t.throws(() => container.get(Engine), {
    code: 'KERNEL_SERVICE_UNKNOWN',
    message: /service Engine is not bound/
  })
  t.throws(() => container.get(Point), { code: 'KERNEL_SERVICE_UNKNOWN' })
  t.equal(container.find(Engine), undefined)
})

t.test('services that need each other while they are made are an error that names the circle', async t => {
  const container = new Container()
  container.bind(Engine, services => ({ name: services.get(Wheel) }))
  container.bind(Wheel, services => services.get(Engine).name)
  t.throws(() => container.get(Wheel), {
    code: 'KERNEL_SERVICE_CIRCULAR',
    message: /Wheel -> Engine -> Wheel/
  })
})

t.test('a factory that failed is tried again', async t => {
  const container = new Container()
  let tries = 0
  container.bind(Wheel, () => {
    if (++tries === 1) throw new Error('flat')
    return 'round'
  })
  t.throws(() => container.get(Wheel), { message: 'flat' })
  t.equal(container.get(Wheel), 'round')
})

t.test('tokens have a short name for operators and a long one for messages', async t => {
  t.equal(serviceName(Point), 'Point')
  t.equal(tokenName(Point), 'test/Point@2')
})
