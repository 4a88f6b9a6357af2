import t from 'tap'
import { EventTracker } from '../../src/eventstore/read/event-tracker.js'
import { TailNotifier } from '../../src/eventstore/read/tail-notifier.js'
import { ManualClock } from '../../src/kernel/index.js'
import type { EventRun } from '../../src/storage/index.js'
import { Event, EventWithToken } from '../../src/wire/generated/event.js'
import { decodeMessage, encodeMessage } from '../../src/wire/index.js'

/** A log in memory, and what one tracker has sent of it. */
class Fixture {
  readonly events: Buffer[] = []
  readonly tail = new TailNotifier()
  readonly clock = new ManualClock()
  readonly sent: number[] = []
  ended: unknown[] = []
  accepts = true
  isAsync = false

  append(type = 'wanted', count = 1): void {
    for (let i = 0; i < count; i++) this.events.push(event(type))
    this.tail.notify()
  }

  track(fromToken: number, blacklistedSendAfter = 1000): EventTracker {
    const source = {
      nextToken: () => this.events.length,
      cursor: (from: number) => this.#cursor(from),
      tail: this.tail,
      clock: this.clock
    }
    const sink = {
      send: (message: Buffer) => {
        this.sent.push(decodeMessage(EventWithToken, message).token)
        return this.accepts
      },
      end: (error?: unknown) => void this.ended.push(error)
    }
    return new EventTracker(
      source,
      sink,
      { newPermitsTimeoutMs: 120_000, blacklistedSendAfter },
      fromToken,
      () => {}
    )
  }

  #cursor(from: number) {
    let next = from
    return {
      next: (countMax: number): EventRun | Promise<EventRun> => {
        const run = { firstToken: next, events: this.events.slice(next, next + countMax) }
        next += run.events.length
        return this.isAsync ? Promise.resolve(run) : run
      },
      close: () => {}
    }
  }
}

function event(type: string): Buffer {
  return encodeMessage(Event, {
    messageIdentifier: '',
    aggregateIdentifier: '',
    aggregateSequenceNumber: 0,
    aggregateType: '',
    timestamp: 0,
    payload: { type, revision: '1', data: Buffer.alloc(0) },
    metaData: {},
    snapshot: false
  })
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
}

const tokens = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

for (const isAsync of [false, true]) {
  t.test(
    `history comes before the live tail, without a seam (${isAsync ? 'from disk' : 'from memory'})`,
    async t => {
      const fixture = new Fixture()
      fixture.isAsync = isAsync
      fixture.append('wanted', 700)
      fixture.track(0).start(10_000)
      await settle()
      fixture.append('wanted', 3)
      await settle()
      fixture.append()
      await settle()
      t.same(fixture.sent, tokens(0, 704))
    }
  )
}

t.test('permits are exact', async t => {
  const fixture = new Fixture()
  fixture.append('wanted', 100)
  const tracker = fixture.track(0)
  tracker.start(7)
  await settle()
  t.same(fixture.sent, tokens(0, 7))
  tracker.addPermits(3)
  await settle()
  t.same(fixture.sent, tokens(0, 10))
})

t.test('a start behind the last event waits until the stream gets there', async t => {
  const fixture = new Fixture()
  fixture.append('wanted', 2)
  fixture.track(5).start(100)
  await settle()
  fixture.append('wanted', 3)
  await settle()
  t.same(fixture.sent, [])
  fixture.append('wanted', 2)
  await settle()
  t.same(fixture.sent, [5, 6])
})

t.test('blacklisted events are skipped without a permit, and now and then one is sent', async t => {
  const fixture = new Fixture()
  fixture.append('ignored', 25)
  fixture.append('wanted')
  const tracker = fixture.track(0, 10)
  tracker.blacklist('ignored', '1')
  tracker.blacklist('wanted', '2')
  tracker.start(3)
  await settle()
  t.same(fixture.sent, [10, 21, 25])
})

t.test('a stream without permits is closed after the time limit, and not before', async t => {
  const fixture = new Fixture()
  fixture.append('wanted', 5)
  const tracker = fixture.track(0)
  tracker.start(5)
  await settle()
  fixture.clock.advance(119_999)
  t.same(fixture.ended, [])
  tracker.addPermits(1)
  fixture.append()
  await settle()
  fixture.clock.advance(119_999)
  t.same(fixture.ended, [])
  fixture.clock.advance(1)
  t.match(fixture.ended, [{ code: 'AXONIQ-0001' }])
})

t.test('a transport that is behind holds the stream until it drains', async t => {
  const fixture = new Fixture()
  fixture.accepts = false
  fixture.append('wanted', 2000)
  const tracker = fixture.track(0)
  tracker.start(10_000)
  await settle()
  t.equal(fixture.sent.length, 1, 'what was behind gets no more')
  fixture.accepts = true
  tracker.resume()
  await settle()
  t.same(fixture.sent, tokens(0, 2000))
})

t.test('a stopped tracker sends and holds nothing any more', async t => {
  const fixture = new Fixture()
  const tracker = fixture.track(0)
  tracker.start(10)
  await settle()
  t.equal(fixture.tail.size, 1)
  tracker.stop()
  t.equal(fixture.tail.size, 0)
  fixture.append()
  await settle()
  t.same(fixture.sent, [])
})

t.test('a closed context ends the stream with OK', async t => {
  const fixture = new Fixture()
  const tracker = fixture.track(0)
  tracker.start(10)
  tracker.close()
  tracker.close()
  t.same(fixture.ended, [undefined])
})
