import fc from 'fast-check'
import t from 'tap'
import { LaneQueue } from '../../../plugins/raft/transport/lane-queue.js'
import { FRAME_BYTES_MAX, recordBytesMax } from '../../../src/consensus/wire/index.js'
import { append, heartbeat } from './transports.js'

t.test('what is added is taken once, in order, in portions of a frame, and counted in bytes', t => {
  const step = fc.oneof(fc.nat(300_000), fc.constant(-1))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const queue = new LaneQueue(4_000_000)
      const added: number[] = []
      const taken: number[] = []
      let bytes = 0
      const take = () => {
        const messages = queue.take()
        const size = messages.reduce((sum, message) => sum + recordBytesMax(message), 0)
        if (messages.length > 1) t.ok(size <= FRAME_BYTES_MAX)
        bytes -= size
        for (const { message } of messages) taken.push(message.entries[0]!.index)
      }
      steps.forEach((size, i) => {
        if (size < 0) {
          take()
          return
        }
        const message = append(1, i + 1, Buffer.alloc(size))
        const isTaken = queue.add(message)
        t.equal(isTaken, bytes === 0 || bytes + recordBytesMax(message) <= 4_000_000)
        if (!isTaken) return
        added.push(i + 1)
        bytes += recordBytesMax(message)
      })
      t.equal(queue.bytes, bytes)
      while (!queue.isEmpty) take()
      t.strictSame(taken, added)
    }),
    { numRuns: 50 }
  )
  t.end()
})

t.test('a message over the bound is taken by an empty queue, and nothing beside it', t => {
  const queue = new LaneQueue(1000)
  t.equal(queue.add(append(1, 1, Buffer.alloc(5_000_000))), true)
  t.equal(queue.add(append(1, 2)), false)
  t.equal(queue.add(heartbeat(1, 1)), true, 'heartbeats are bounded by the number of groups')
  t.equal(queue.clear(), 2)
  t.equal(queue.isEmpty, true)
  t.equal(queue.bytes, 0)
  t.end()
})
