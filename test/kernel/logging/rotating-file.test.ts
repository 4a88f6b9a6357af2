import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { RotatingFile } from '../../../src/kernel/logging/rotating-file.js'

function open(directory: string, bytesMax: number, historyMax: number) {
  const failures: string[] = []
  let now = 0
  const options = {
    path: join(directory, 'a.log'),
    bytesMax,
    historyMax,
    onFailure: (error: Error) => failures.push(error.message)
  }
  const file = new RotatingFile(options, () => now)
  const advance = (byMs: number) => {
    now += byMs
  }
  return { file, failures, advance }
}

const read = (directory: string, name: string) => readFileSync(join(directory, name), 'utf8')

t.test('a full file is moved on, and only so many are kept', async t => {
  const directory = t.testdir()
  const { file, failures } = open(directory, 10, 2)
  for (let i = 0; i < 9; i++) file.write(`line${i}\n`)
  file.close()
  t.same(readdirSync(directory).sort(), ['a.log', 'a.log.1', 'a.log.2'])
  t.equal(read(directory, 'a.log'), 'line8\n')
  t.equal(read(directory, 'a.log.1'), 'line7\n')
  t.equal(read(directory, 'a.log.2'), 'line6\n')
  t.same(failures, [])
})

t.test('what is there is continued, and counts', async t => {
  const directory = t.testdir({ 'a.log': '12345678' })
  const { file } = open(directory, 10, 1)
  file.write('9\n')
  t.equal(read(directory, 'a.log'), '123456789\n')
  file.write('x\n')
  t.equal(read(directory, 'a.log.1'), '123456789\n')
  t.equal(read(directory, 'a.log'), 'x\n')
  file.close()
})

t.test('without history a full file is begun anew', async t => {
  const directory = t.testdir()
  const { file } = open(directory, 4, 0)
  for (const line of ['abc\n', 'def\n']) file.write(line)
  file.close()
  t.same(readdirSync(directory), ['a.log'])
  t.equal(read(directory, 'a.log'), 'def\n')
})

t.test('a line larger than the file still arrives whole', async t => {
  const directory = t.testdir()
  const { file } = open(directory, 4, 1)
  file.write('äöü and more\n')
  file.close()
  t.equal(read(directory, 'a.log'), 'äöü and more\n')
})

t.test('a failure is told once, tried again later, and told again when it comes back', async t => {
  const parent = t.testdir()
  const directory = join(parent, 'logs')
  writeFileSync(directory, 'in the way')
  const { file, failures, advance } = open(directory, 1000, 1)
  file.write('1\n')
  file.write('2\n')
  t.equal(failures.length, 1)
  t.equal(file.droppedRecords, 2)
  advance(10_001)
  file.write('3\n')
  t.equal(failures.length, 1, 'still the same failure')
  rmSync(directory)
  mkdirSync(directory)
  file.write('4\n')
  t.equal(file.droppedRecords, 4, 'not yet tried again')
  advance(10_001)
  file.write('5\n')
  t.equal(read(directory, 'a.log'), '5\n')
  file.close()
  rmSync(directory, { recursive: true })
  writeFileSync(directory, 'in the way')
  file.write('6\n')
  t.equal(failures.length, 2)
  t.notOk(existsSync(join(directory, 'a.log')))
})

t.test('a rotation that cannot move files loses no old record', async t => {
  const directory = t.testdir({ 'a.log': 'old old old\n', 'a.log.1': { in: { the: 'way' } } })
  const { file, failures } = open(directory, 4, 1)
  file.write('new\n')
  t.equal(failures.length, 1)
  t.match(read(directory, 'a.log'), /^old old old\n/)
  file.close()
})
