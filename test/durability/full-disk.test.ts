import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { EventClient } from '../support/event-client.js'
import { ServerProcess } from '../support/server-process.js'

/** A small disk of its own; mounting one needs rights that not everybody has. */
function mountSmallDisk(megabytes: number): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'myelin-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory])
  if (mounted.status === 0) return directory
  rmSync(directory, { recursive: true })
  return undefined
}

const disk = mountSmallDisk(96)

t.test(
  'a disk that fills: refused in words, reads go on, and it works again when there is room',
  { skip: disk === undefined ? 'not run: mounting a small disk needs root' : false, timeout: 180_000 },
  async t => {
    t.teardown(() => {
      spawnSync('umount', ['-l', disk!])
      rmSync(disk!, { recursive: true, force: true })
    })
    const properties = {
      'myelin.journal.segment-size': '4MB',
      'myelin.journal.reserve-size': '2MB',
      'myelin.storage.free-bytes-min': '16MB',
      'axoniq.axonserver.event.segment-size': '4MB'
    }
    const server = await ServerProcess.start({ directory: disk!, properties })
    t.teardown(() => server.stop('SIGKILL'))
    const client = new EventClient(server.address)
    t.teardown(() => client.close())

    // A checkpoint may give room back in between: then the disk is filled again.
    let stored = 0
    let status = 'UP'
    for (const endMs = Date.now() + 20_000; status !== 'WARN' && Date.now() < endMs; ) {
      const filled = await fill(client, stored)
      t.match(filled.refusal, /AXONIQ-9100.*(full|free)/s, 'the refusal says what is wrong')
      t.notMatch(filled.refusal, /outcome unknown/, 'and that nothing was stored')
      stored = filled.stored
      const health = await fetch(`${server.url}/actuator/health/localEventStore`)
      status = ((await health.json()) as { status: string }).status
    }
    t.equal(status, 'WARN', 'the health says so')
    t.ok(stored > 20, `${stored} transactions fitted`)
    t.equal((await client.read(stored * 10)).length, stored * 10, 'reads go on')

    t.test('also when somebody else takes the rest of the disk', async t => {
      const ballast = join(disk!, 'ballast')
      takeAll(ballast)
      await t.rejects(client.append('more', 0, 1))
      t.equal((await client.read(10)).length, 10)
      rmSync(ballast)
    })

    spawnSync('mount', ['-o', 'remount,size=400m', disk!])
    const deadlineMs = Date.now() + 30_000
    for (;;) {
      try {
        await client.append('again', 0, 1)
        break
      } catch (error) {
        if (Date.now() > deadlineMs) throw error
        await new Promise(resolve => setTimeout(resolve, 100))
      }
    }
    const last = await client.lastToken()
    t.equal(last, stored * 10)
    client.close()
    t.equal(await server.stop(), 0)
    const second = await ServerProcess.start({ directory: disk!, properties })
    const again = new EventClient(second.address)
    t.equal(await again.lastToken(), last)
    t.equal((await again.read(last + 1)).length, last + 1)
    again.close()
    await second.stop()
  }
)

/** Appends, beginning with transaction `from`, until one is refused. */
async function fill(client: EventClient, from: number): Promise<{ stored: number; refusal: string }> {
  for (let stored = from; ; stored++) {
    try {
      await client.append(`filler-${stored}`, 0, 10, 50_000)
    } catch (error) {
      return { stored, refusal: (error as Error).message }
    }
  }
}

function takeAll(path: string): void {
  const file = openSync(path, 'w')
  const chunk = Buffer.alloc(64 * 1024, 1)
  try {
    for (;;) writeSync(file, chunk)
  } catch {
    // Full.
  } finally {
    closeSync(file)
  }
}
