import assert from 'node:assert'
import type { ServerHttp2Stream } from 'node:http2'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import type { CallFault } from '../../../plugins/grpc/call-fault.js'
import { MessageReader } from '../../../plugins/grpc/message-reader.js'
import { frame } from './fixture.js'

class Sink {
  readonly messages: Buffer[] = []
  readonly faults: CallFault[] = []
  ends = 0
  onMessageHook: () => void = () => {}

  onMessage(message: Buffer): void {
    this.messages.push(message)
    this.onMessageHook()
  }

  onEnd(): void {
    this.ends++
  }

  onFault(fault: CallFault): void {
    this.faults.push(fault)
  }
}

function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const cut: Buffer[] = []
  let offset = 0
  for (let index = 0; offset < bytes.length; index++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[index % sizes.length] as number)
    cut.push(bytes.subarray(offset, offset + size))
    offset += size
  }
  return cut
}

const messages = fc.array(
  fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
  { maxLength: 30 }
)

t.test('however the bytes are cut and whenever it is paused, the messages are the same', async t => {
  await fc.assert(
    fc.asyncProperty(
      messages,
      fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 5 }),
      fc.nat(3),
      async (sent, sizes, pauseEvery) => {
        const stream = new PassThrough()
        const sink = new Sink()
        const reader = new MessageReader(stream as unknown as ServerHttp2Stream, sink, {
          messageBytesMax: 300,
          encoding: 'identity'
        })
        sink.onMessageHook = () => {
          if (pauseEvery === 0 || sink.messages.length % pauseEvery !== 0) return
          reader.pause()
          setImmediate(() => reader.resume())
        }
        reader.start()
        for (const piece of pieces(Buffer.concat(sent.map(message => frame(message))), sizes))
          stream.write(piece)
        stream.end()
        for (let turn = 0; sink.ends === 0 && turn < 2000; turn++)
          await new Promise(resolve => setImmediate(resolve))
        assert.deepStrictEqual(sink.messages, sent)
        assert.equal(sink.ends, 1)
        assert.equal(sink.faults.length, 0)
      }
    ),
    { numRuns: 300 }
  )
  t.pass('for all messages and cuts')
})

t.test('random bytes give messages, one fault or an end, never more', async t => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async bytes => {
      const stream = new PassThrough()
      const sink = new Sink()
      new MessageReader(stream as unknown as ServerHttp2Stream, sink, {
        messageBytesMax: 50,
        encoding: 'gzip'
      }).start()
      stream.end(Buffer.from(bytes))
      for (let turn = 0; sink.ends + sink.faults.length === 0 && turn < 100; turn++) {
        await new Promise(resolve => setImmediate(resolve))
      }
      await new Promise(resolve => setImmediate(resolve))
      assert.equal(sink.ends + sink.faults.length, 1)
    }),
    { numRuns: 500 }
  )
  t.pass('for all bytes')
})
