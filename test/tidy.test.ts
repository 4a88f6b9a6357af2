import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { repository } from './support/repository.js'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: repository
})
  .toString()
  .split('\n')
  .filter(file => file !== '' && existsSync(join(repository, file)))
const isCode = (file: string) =>
  /^(src|plugins)\/.*\.ts$/.test(file) && !file.startsWith('src/wire/generated/')
const code = files.filter(isCode).map(file => ({ file, text: readFileSync(join(repository, file), 'utf8') }))

t.test('time and randomness come in through ports', t => {
  const areas = /^src\/(consensus|eventstore|storage|messaging|cluster)\//
  const banned = /\b(Date\.now|new Date\(\)|setTimeout|setInterval|Math\.random|performance\.now)\b/
  for (const { file, text } of code) {
    if (areas.test(file) && banned.test(text)) t.fail(`${file}: ${banned.exec(text)?.[0]}`)
  }
  t.end()
})

t.test('nothing is left unfinished', t => {
  const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].map(mark => `\\b${mark}\\b`).join('|'))
  for (const { file, text } of code) if (marks.test(text)) t.fail(`${file} has an open mark`)
  t.end()
})

t.test('files are short enough to read', t => {
  for (const { file, text } of code) {
    const lines = text.split('\n').length
    if (lines > 300) t.fail(`${file} has ${lines} lines`)
  }
  for (const file of files) {
    if (statSync(join(repository, file)).size > 512 * 1024) t.fail(`${file} is larger than 512 KiB`)
  }
  t.end()
})

t.test('each area and plugin introduces itself', t => {
  for (const parent of ['src', 'plugins', 'examples']) {
    for (const entry of readdirSync(join(repository, parent), { withFileTypes: true })) {
      if (!entry.isDirectory()) continue
      t.ok(existsSync(join(repository, parent, entry.name, 'README.md')), `${parent}/${entry.name}/README.md`)
    }
  }
  t.end()
})

t.test('links between documents lead somewhere', t => {
  for (const file of files.filter(file => file.endsWith('.md'))) {
    const text = readFileSync(join(repository, file), 'utf8')
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const path = join(repository, file, '..', target!)
      if (!existsSync(path)) t.fail(`${file} links to ${target}`)
    }
  }
  t.end()
})

t.test('the change log speaks of this version', t => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    version: string
  }
  t.match(readFileSync(join(repository, 'CHANGELOG.md'), 'utf8'), `## ${version}`)
  t.end()
})
