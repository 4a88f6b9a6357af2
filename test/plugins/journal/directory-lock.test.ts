import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DirectoryLock } from '../../../plugins/journal/directory-lock.js'

t.test('a directory that a running process uses is refused, in words', async t => {
  const directory = t.testdir()
  const first = new DirectoryLock(directory)
  await first.take()
  await t.rejects(new DirectoryLock(directory).take(), {
    message: new RegExp(`Process ${process.pid} uses ${directory}`)
  })
  await first.release()
  await new DirectoryLock(directory).take()
})

t.test('the lock of a process that is gone is taken over', async t => {
  const directory = t.testdir()
  const lock = join(directory, 'lock')
  // Each is what a crash, a restarted container or a power cut may leave: no such process, our own number at another time, half a file.
  for (const left of [
    '{"pid":4194000,"started":"1"}',
    `{"pid":${process.pid},"started":"1"}`,
    '{"pid":',
    ''
  ]) {
    writeFileSync(lock, left)
    const taken = new DirectoryLock(directory)
    await taken.take()
    t.match(JSON.parse(readFileSync(lock, 'utf8')), { pid: process.pid })
    await taken.release()
  }
})
