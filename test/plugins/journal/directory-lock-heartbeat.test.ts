import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { DirectoryLock } from '../../../plugins/journal/directory-lock.js'
import { thisProcess } from '../../../plugins/journal/process-identity.js'
import { systemClock } from '../../../src/kernel/index.js'

function lockOf(directory: string, intervalMs = 10): { lock: DirectoryLock; lost: Error[] } {
  const lost: Error[] = []
  const onLost = (error: Error) => void lost.push(error)
  return { lock: new DirectoryLock(directory, { clock: systemClock, intervalMs, onLost }), lost }
}

/** As proc(5) has it; empty where there is none. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.split(' ')[21] ?? ''
}

/** A process that waits to be ended. */
async function otherProcess(): Promise<{ pid: number; end: () => Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000); console.log("up")'])
  await new Promise(resolve => child.stdout.once('data', resolve))
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  return {
    pid: child.pid!,
    end: () => {
      child.kill()
      return ended
    }
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 10_000; !condition(); ) {
    if (Date.now() > endMs) throw new Error('waited too long')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

t.test('a lock is there while it is held, and nothing else is left behind', async t => {
  const directory = join(t.testdir(), 'new/log')
  const { lock, lost } = lockOf(directory)
  await lock.take()
  t.same(readdirSync(directory), ['lock'])
  await lock.release()
  t.same(readdirSync(directory), [])
  t.same(lost, [])
})

t.test('a second server is refused in words, in this process and beside a living one', async t => {
  const directory = t.testdir()
  const first = lockOf(directory).lock
  await first.take()
  await t.rejects(lockOf(directory).lock.take(), {
    message: /Process \d+ uses .* already .*Stop it, or give this node/
  })
  await first.release()

  const other = await otherProcess()
  t.teardown(other.end)
  writeFileSync(
    join(directory, 'lock'),
    JSON.stringify({ ...(await thisProcess()), pid: other.pid, started: await startOf(other.pid) })
  )
  await t.rejects(lockOf(directory).lock.take(), {
    message: new RegExp(`Process ${other.pid} uses `)
  })
})

t.test('the lock of a process that is gone is taken over at once', async t => {
  const other = await otherProcess()
  await other.end()
  const own = await thisProcess()
  const stale = [
    JSON.stringify({ ...own, pid: other.pid }),
    `${other.pid}`,
    '',
    'not readable',
    JSON.stringify({ ...own, started: '1' }),
    JSON.stringify({ ...own, pid: -1 })
  ]
  for (const content of stale) {
    const directory = t.testdir({ lock: content })
    const { lock } = lockOf(directory, 60_000)
    await lock.take()
    t.equal(JSON.parse(readFileSync(join(directory, 'lock'), 'utf8')).pid, process.pid)
    await lock.release()
    t.same(readdirSync(directory), [])
  }
})

t.test(
  'the process id of another one that was started later does not count',
  { skip: process.platform !== 'linux' && 'start times are known on Linux only' },
  async t => {
    const other = await otherProcess()
    t.teardown(other.end)
    const directory = t.testdir({
      lock: JSON.stringify({ ...(await thisProcess()), pid: other.pid, started: '1' })
    })
    const { lock } = lockOf(directory)
    await lock.take()
    await lock.release()
  }
)

t.test(
  'a lock from another container counts while it is touched, and is taken over when it is silent',
  async t => {
    const foreign = JSON.stringify({ ...(await thisProcess()), place: 'elsewhere boot container' })
    const directory = t.testdir({ lock: foreign })
    const touching = setInterval(() => utimesSync(join(directory, 'lock'), new Date(), new Date()), 5)
    await t.rejects(lockOf(directory, 20).lock.take(), { message: /Process \d+ on elsewhere uses/ })
    clearInterval(touching)
    const { lock } = lockOf(directory, 20)
    await lock.take()
    await lock.release()
  }
)

t.test('a holder whose lock is taken over is told once, and leaves the new one alone', async t => {
  const directory = t.testdir()
  const { lock, lost } = lockOf(directory)
  await lock.take()
  writeFileSync(join(directory, 'lock'), 'somebody else')
  await until(() => lost.length > 0)
  t.match(lost[0]?.message, /not the lock of this process any more/)
  await lock.release()
  t.equal(readFileSync(join(directory, 'lock'), 'utf8'), 'somebody else')
  t.equal(lost.length, 1)
})
