import fc from 'fast-check'
import t from 'tap'
import { PermitQueue } from '../../../src/messaging/flow/permit-queue.js'

function queueOf(waitingMax = 10_000) {
  const sent: string[] = []
  let isFlowing = true
  const queue = new PermitQueue<string>({
    waitingMax,
    send: item => {
      sent.push(item)
      return isFlowing
    }
  })
  return { queue, sent, flow: (flowing: boolean) => (isFlowing = flowing) }
}

t.test('nothing is sent before there are permits, and each item costs one', async t => {
  const { queue, sent } = queueOf()
  t.equal(queue.offer('a'), 'queued')
  t.equal(queue.offer('b'), 'queued')
  t.same(sent, [])
  queue.addPermits(1)
  t.same(sent, ['a'])
  queue.addPermits(2)
  t.same(sent, ['a', 'b'])
  t.equal(queue.permits, 1)
  t.equal(queue.offer('c'), 'sent')
  t.equal(queue.offer('d'), 'queued')
  t.equal(queue.sent, 3)
})

t.test('higher priority goes first, then the order of arrival', async t => {
  const { queue, sent } = queueOf()
  queue.offer('0a', 0)
  queue.offer('-1', -1)
  queue.offer('5a', 5)
  queue.offer('0b', 0)
  queue.offer('5b', 5)
  queue.offer('9', 9)
  queue.addPermits(10)
  t.same(sent, ['9', '5a', '5b', '0a', '0b', '-1'])
})

t.test('10,000 may wait; a higher priority may come in up to 11,000', async t => {
  const { queue } = queueOf()
  for (let item = 0; item < 10_000; item++) t.equal(queue.offer(`${item}`), 'queued') || t.bailout()
  t.equal(queue.offer('soft', 0), 'refused')
  t.equal(queue.offer('soft', -5), 'refused')
  for (let item = 0; item < 1000; item++) t.equal(queue.offer(`high ${item}`, 1), 'queued') || t.bailout()
  t.equal(queue.offer('hard', 100), 'refused')
  t.equal(queue.waiting, 11_000)
  t.equal(queue.refused, 3)
  queue.addPermits(1001)
  t.equal(queue.waiting, 9999)
  t.equal(queue.offer('again', 0), 'queued')
})

t.test('the hard limit is rounded up', async t => {
  const { queue } = queueOf(5)
  for (let item = 0; item < 6; item++) t.equal(queue.offer(`${item}`, 1), 'queued')
  t.equal(queue.offer('one too many', 1), 'refused')
})

t.test('permits add up without limit, and the largest 64-bit number does no harm', async t => {
  const { queue } = queueOf()
  queue.addPermits(Number.MAX_SAFE_INTEGER)
  queue.addPermits(Number.MAX_SAFE_INTEGER)
  t.equal(queue.permits, Number.MAX_SAFE_INTEGER)
  queue.offer('a')
  t.equal(queue.permits, Number.MAX_SAFE_INTEGER - 1)
  queue.addPermits(-5)
  t.equal(queue.permits, Number.MAX_SAFE_INTEGER - 1)
})

t.test('a transport that is behind gets nothing more, although there are permits', async t => {
  const { queue, sent, flow } = queueOf()
  queue.addPermits(100)
  flow(false)
  t.equal(queue.offer('a'), 'sent')
  t.equal(queue.offer('b'), 'queued')
  queue.addPermits(1)
  t.same(sent, ['a'])
  queue.resume()
  t.same(sent, ['a', 'b'], 'and stops again, as it is still behind')
  queue.offer('c')
  flow(true)
  queue.resume()
  t.same(sent, ['a', 'b', 'c'])
})

t.test('what waits can be taken back', async t => {
  const { queue, sent } = queueOf()
  for (const item of ['a', 'b', 'c', 'd']) queue.offer(item)
  queue.offer('high', 7)
  t.equal(queue.remove('b'), true)
  t.equal(queue.remove('b'), false)
  queue.addPermits(1)
  t.equal(queue.remove('high'), false, 'not once it is sent')
  t.same(queue.drain(), ['a', 'c', 'd'])
  t.equal(queue.waiting, 0)
  queue.addPermits(10)
  t.same(sent, ['high'])
})

t.test('what became obsolete while it waited costs no permit', async t => {
  const sent: string[] = []
  const queue = new PermitQueue<string>({
    waitingMax: 10,
    send: item => sent.push(item) > 0,
    isObsolete: item => item.startsWith('old')
  })
  for (const item of ['old 1', 'a', 'old 2', 'b']) queue.offer(item)
  queue.addPermits(2)
  t.same(sent, ['a', 'b'])
  t.equal(queue.permits, 0)
})

t.test('an offer made while sending waits for its turn', async t => {
  const sent: string[] = []
  const queue = new PermitQueue<string>({
    waitingMax: 10,
    send: item => {
      sent.push(item)
      if (item === 'a') queue.offer('from a')
      return true
    }
  })
  queue.addPermits(5)
  queue.offer('a')
  queue.offer('b')
  t.same(sent, ['a', 'from a', 'b'])
})

t.test('a send that throws does not stop the queue', async t => {
  const sent: string[] = []
  const queue = new PermitQueue<string>({
    waitingMax: 10,
    send: item => {
      if (item === 'bad') throw new Error('broken')
      return sent.push(item) > 0
    }
  })
  queue.addPermits(5)
  t.throws(() => queue.offer('bad'), { message: 'broken' })
  t.equal(queue.offer('good'), 'sent')
})

t.test('it agrees with a sorted list, whatever happens in whatever order', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('offer' as const), value: fc.integer({ min: -3, max: 3 }) }),
    fc.record({ kind: fc.constant('permits' as const), value: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ kind: fc.constant('remove' as const), value: fc.nat(20) })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const { queue, sent } = queueOf(8)
      const model = { waiting: [] as { item: string; priority: number }[], permits: 0, sent: [] as string[] }
      const deliver = () => {
        while (model.permits > 0 && model.waiting.length > 0) {
          model.sent.push(model.waiting.shift()!.item)
          model.permits--
        }
      }
      for (const [number, { kind, value }] of steps.entries()) {
        if (kind === 'offer') {
          const outcome = queue.offer(`${number}`, value)
          const isFull = model.waiting.length >= (value > 0 ? 9 : 8)
          if ((outcome === 'refused') !== isFull) return false
          if (isFull) continue
          model.waiting.push({ item: `${number}`, priority: value })
          model.waiting.sort((one, other) => other.priority - one.priority)
          deliver()
        } else if (kind === 'permits') {
          queue.addPermits(value)
          model.permits += value
          deliver()
        } else {
          const index = model.waiting.findIndex(({ item }) => item === `${value}`)
          if (queue.remove(`${value}`) !== index >= 0) return false
          if (index >= 0) model.waiting.splice(index, 1)
        }
      }
      return JSON.stringify(sent) === JSON.stringify(model.sent) && queue.permits === model.permits
    })
  )
})
