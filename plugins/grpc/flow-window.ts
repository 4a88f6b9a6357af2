import type { ServerHttp2Session } from 'node:http2'

/** What a caller may send before it hears from us: with HTTP/2's own 64 KiB, two milliseconds of distance cap it at 32 MB/s. */
const streamWindowBytes = 512 * 1024
const connectionWindowBytes = 4 * 1024 * 1024

const widened = new WeakSet<ServerHttp2Session>()

/** Widens the windows of a connection, at its first call. */
export function widenWindows(session: ServerHttp2Session | undefined): void {
  if (session === undefined || widened.has(session) || session.destroyed) return
  widened.add(session)
  session.settings({ initialWindowSize: streamWindowBytes })
  session.setLocalWindowSize(connectionWindowBytes)
}
