import { fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BytesClient } from '../client.js'
import { type Load, measure, measureStream, type Row } from '../measure.js'

/** What a bare grpc-js server and the disk do here and now. */
export async function calibrate(load: Omit<Load, 'inFlight' | 'serverPid'>): Promise<Row[]> {
  const echo = fork(new URL('../echo-server.js', import.meta.url))
  const [port] = (await once(echo, 'message')) as [number]
  const client = new BytesClient(`localhost:${port}`)
  const payload = Buffer.alloc(600, 7)
  const withPid = { ...load, serverPid: echo.pid }
  const rows: Row[] = []
  for (const inFlight of [1, 64, 256]) {
    rows.push(
      await measure('calibrate', `unary, ${inFlight} in flight`, { ...withPid, inFlight }, async () => {
        await client.unary('/bench.Echo/Unary', payload)
      })
    )
  }
  const stream = client.serverStream('/bench.Echo/Stream', payload)
  let delivered = 0
  stream.on('data', () => delivered++)
  stream.on('error', () => {})
  rows.push(await measureStream('calibrate', 'server stream', { ...withPid, inFlight: 1 }, () => delivered))
  stream.cancel()
  client.close()
  echo.kill()
  rows.push(syncedWrites(load.seconds))
  return rows
}

/** 4 KiB at a time into a file that was written before, each forced to the disk. */
function syncedWrites(seconds: number): Row {
  const directory = mkdtempSync(join(tmpdir(), 'myelin-bench-disk-'))
  const file = openSync(join(directory, 'file'), 'w')
  const block = Buffer.alloc(4096, 1)
  const blocks = 16_384
  for (let i = 0; i < blocks; i++) writeSync(file, block, 0, block.length, i * block.length)
  fdatasyncSync(file)
  const latenciesMs: number[] = []
  const endMs = performance.now() + seconds * 1000
  for (let i = 0; performance.now() < endMs; i = (i + 1) % blocks) {
    const startedMs = performance.now()
    writeSync(file, block, 0, block.length, i * block.length)
    fdatasyncSync(file)
    latenciesMs.push(performance.now() - startedMs)
  }
  closeSync(file)
  rmSync(directory, { recursive: true })
  latenciesMs.sort((a, b) => a - b)
  return {
    scenario: 'calibrate',
    case: 'synced write',
    perSecond: latenciesMs.length / seconds,
    p50Ms: latenciesMs[Math.floor(latenciesMs.length / 2)]!,
    p99Ms: latenciesMs[Math.floor(latenciesMs.length * 0.99)]!
  }
}
