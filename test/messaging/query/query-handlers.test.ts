import fc from 'fast-check'
import t from 'tap'
import { Caller, Handler, queriesWith, queryRequest } from './fixtures.js'

const text = (value: string) => ({ data: { $case: 'textValue' as const, value } })

t.test('instances of a component take turns', async t => {
  const { queries } = queriesWith()
  const instances = [1, 2, 3].map(n => new Handler(queries, { clientId: `a${n}` }))
  for (let n = 0; n < 9; n++) queries.query('default', queryRequest(), new Caller())
  for (const instance of instances) t.equal(instance.calls.length, 3)
})

t.test('turns are taken inside each component', async t => {
  const { queries } = queriesWith()
  const a = [1, 2].map(n => new Handler(queries, { component: 'a', clientId: `a${n}` }))
  const b = [1, 2, 3].map(n => new Handler(queries, { component: 'b', clientId: `b${n}` }))
  for (let n = 0; n < 6; n++) queries.query('default', queryRequest(), new Caller())
  t.same(
    a.map(({ calls }) => calls.length),
    [3, 3]
  )
  t.same(
    b.map(({ calls }) => calls.length),
    [2, 2, 2]
  )
})

t.test('of the instances those whose tags fit the metadata best take turns', async t => {
  const { queries, clients } = queriesWith()
  const regions: Record<string, string> = { a1: 'eu', a2: 'us', a3: 'eu' }
  const instances = Object.entries(regions).map(([clientId, region]) => {
    clients.connect('default', {
      clientId,
      componentName: 'answers',
      tags: new Map([['region', region]]),
      version: ''
    })
    return new Handler(queries, { clientId })
  })
  for (let n = 0; n < 4; n++) {
    queries.query('default', queryRequest({ metaData: { region: text('eu') } }), new Caller())
  }
  t.same(
    instances.map(({ calls }) => calls.length),
    [2, 0, 2]
  )
  for (let n = 0; n < 3; n++) queries.query('default', queryRequest(), new Caller())
  t.same(
    instances.map(({ calls }) => calls.length),
    [3, 1, 3],
    'without metadata all take turns'
  )
})

t.test('the metrics selector', async t => {
  const answerAll = (handler: Handler) => {
    for (const { messageIdentifier } of handler.queries) handler.complete(messageIdentifier)
  }

  t.test('takes turns until it knows every instance, then prefers the fast one', async t => {
    const { queries, clock } = queriesWith({ selector: 'metrics', selectorRequestsMin: 5 })
    const slow = new Handler(queries, { clientId: 'slow' })
    const fast = new Handler(queries, { clientId: 'fast' })
    for (let n = 0; n < 10; n++) {
      queries.query('default', queryRequest(), new Caller())
      clock.advance(1)
      answerAll(fast)
      clock.advance(50)
      answerAll(slow)
    }
    t.same([slow.calls.length, fast.calls.length], [5, 5])
    for (let n = 0; n < 100; n++) {
      queries.query('default', queryRequest(), new Caller())
      clock.advance(1)
      answerAll(fast)
      clock.advance(50)
      answerAll(slow)
    }
    t.ok(fast.calls.length > 90, 'most go to the fast one')
    t.ok(slow.calls.length > 5, 'the slow one is measured again')
  })

  t.test('instances that are equally fast take turns', async t => {
    const { queries, clock } = queriesWith({ selector: 'metrics', selectorRequestsMin: 1 })
    const instances = ['one', 'two', 'three'].map(clientId => new Handler(queries, { clientId }))
    for (let n = 0; n < 90; n++) {
      queries.query('default', queryRequest(), new Caller())
      clock.advance(n % 2)
      for (const instance of instances) answerAll(instance)
    }
    for (const { calls } of instances) t.ok(calls.length > 20, `${calls.length} of 90`)
  })

  t.test('does not pile everything on the fast one', async t => {
    const { queries, clock } = queriesWith({ selector: 'metrics', selectorRequestsMin: 1 })
    const one = new Handler(queries, { clientId: 'one' })
    const two = new Handler(queries, { clientId: 'two' })
    for (let n = 0; n < 2; n++) queries.query('default', queryRequest(), new Caller())
    clock.advance(10)
    answerAll(one)
    clock.advance(5)
    answerAll(two)
    for (let n = 0; n < 50; n++) queries.query('default', queryRequest(), new Caller())
    t.ok(two.calls.length >= 18, `${two.calls.length} of 50 unanswered queries`)
  })
})

t.test('whatever comes and goes, every component with an instance is asked exactly once', async () => {
  const change = fc.record({ component: fc.integer({ min: 0, max: 2 }), adds: fc.boolean() })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), changes => {
      const { queries } = queriesWith()
      const components: Handler[][] = [[], [], []]
      for (const { component, adds } of changes) {
        if (adds) components[component]!.push(new Handler(queries, { component: `c${component}` }))
        else components[component]!.shift()?.stream.close('gone')
        queries.query('default', queryRequest({ id: 'q' }), new Caller())?.cancel()
        for (const handlers of components) {
          const asked = handlers.reduce((sum, { calls }) => sum + calls.length, 0)
          if (asked !== (handlers.length > 0 ? 2 : 0)) return false
          for (const { out } of handlers) out.written.length = 0
        }
      }
      return true
    })
  )
})
