import t from 'tap'
import { BLOCK_BYTES } from '../../../src/storage/segments/block-index.js'
import { RECORD_HEADER_BYTES } from '../../../src/storage/segments/record-header.js'
import { FRAME, MIB, newDisk, start } from './stores.js'
import { eventOf, firstDifference, Model, readFrom } from './transactions.js'

t.test('the tail is bounded once it is written, and what is not written stays', async t => {
  const segments = await start(newDisk(), { segmentBytesMax: 10 * MIB, tailBytesMax: 200_000 })
  const model = new Model()
  for (let i = 0; i < 2000; i++) model.append(segments, [400])
  const { unwrittenBytes, tailBytes, bytes } = segments.stats
  t.equal(unwrittenBytes, 2000 * (RECORD_HEADER_BYTES + FRAME + 400))
  t.equal(tailBytes, unwrittenBytes)
  t.equal(bytes, unwrittenBytes)
  await segments.flush()
  t.equal(segments.stats.unwrittenBytes, 0)
  t.ok(
    segments.stats.tailBytes <= 200_000 && segments.stats.tailBytes > 150_000,
    `${segments.stats.tailBytes}`
  )
  const none = await start(newDisk(), { segmentBytesMax: 10 * MIB, tailBytesMax: 0 })
  const small = new Model()
  for (let i = 0; i < 2000; i++) small.append(none, [400])
  await none.flush()
  t.ok(none.stats.tailBytes < BLOCK_BYTES + 500, 'at least the youngest block stays')
  t.equal(firstDifference(await readFrom(none, 0), small.events), -1)
})

t.test('events are views of one read, not to be confused with copies', async t => {
  const segments = await start(newDisk())
  const model = new Model()
  model.append(segments, [10, 20])
  const { events } = await segments.cursor(0).next(2, MIB)
  t.equal(events[0]!.buffer, model.records[0]!.events.buffer, 'the very buffer that was appended')
  t.same(events[1], eventOf(1, 20))
})
