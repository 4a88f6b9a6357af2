import { connect } from 'node:net'
import type { Random } from './random.js'
import { frame, frameTypes, grpcHeaders, headerBlock, preface } from './raw-connection.js'
import { pause } from './server-watch.js'

const settingsFrame = frame(frameTypes.settings, 0, 0, Buffer.alloc(0))

/** Bytes that are HTTP/2 for a while. */
export function garbage(random: Random): Buffer {
  switch (random.below(11)) {
    case 0:
      return random.bytes(random.length(20_000))
    case 1:
      return Buffer.concat([preface, random.bytes(random.length(20_000))])
    case 2:
      return Buffer.concat([preface, settingsFrame, ...randomFrames(random)])
    case 3:
      return flood(frame(frameTypes.ping, 0, 0, Buffer.alloc(8)), 20_000)
    case 4:
      return flood(frame(frameTypes.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])), 20_000)
    case 5:
      return flood(frame(frameTypes.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])), 3)
    case 6:
      // A header block without an end.
      return Buffer.concat([
        preface,
        settingsFrame,
        frame(frameTypes.headers, 0, 1, random.bytes(100)),
        ...Array.from({ length: 200 }, () => frame(frameTypes.continuation, 0, 1, random.bytes(1000)))
      ])
    case 7:
      return Buffer.from(
        `GET /actuator HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`
      )
    case 8:
      return flood(frame(frameTypes.priority, 0, 1 + 2 * random.below(50), random.bytes(5)), 1_000)
    case 9:
      return priorities(random)
    default:
      return Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...random.bytes(60)])
  }
}

function randomFrames(random: Random): Buffer[] {
  return Array.from({ length: random.below(60) }, () =>
    frame(random.below(11), random.below(256), random.below(12), random.bytes(random.length(400)))
  )
}

/** Streams that depend on each other, and on themselves. */
function priorities(random: Random): Buffer {
  const block = headerBlock({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/io.axoniq.axonserver.grpc.event.EventStore/ListEvents',
    ...grpcHeaders
  })
  const frames = [preface, settingsFrame]
  for (let count = 0, id = 1; count < 300; count++) {
    const priority = random.bytes(5)
    priority.writeUInt32BE(((random.chance(0.5) ? 0x80000000 : 0) | (random.below(20) * 2 + 1)) >>> 0)
    const other = 1 + 2 * random.below(id)
    const kind = random.below(3)
    if (kind === 0) frames.push(frame(frameTypes.headers, 0x24, id, Buffer.concat([priority, block])))
    else if (kind === 1) frames.push(frame(frameTypes.reset, 0, other, Buffer.alloc(4, 8)))
    else frames.push(frame(frameTypes.priority, 0, other, priority))
    if (kind === 0) id += 2
  }
  return Buffer.concat(frames)
}

function flood(bytes: Buffer, count: number): Buffer {
  return Buffer.concat([preface, settingsFrame, ...Array<Buffer>(count).fill(bytes)])
}

/** Sends bytes, sometimes in pieces, reads or does not, and goes. */
export async function throwAt(port: number, bytes: Buffer, random: Random): Promise<void> {
  const socket = connect(port, 'localhost')
  socket.on('error', () => {})
  if (random.chance(0.7)) socket.resume()
  const at = random.below(bytes.length + 1)
  socket.write(bytes.subarray(0, at))
  await pause(random.below(20))
  if (!socket.destroyed) socket.write(bytes.subarray(at))
  await pause(random.below(50))
  if (random.chance(0.5)) socket.end()
  socket.destroy()
}
