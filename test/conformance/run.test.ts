import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const RUN = fileURLToPath(new URL('run.js', import.meta.url))
const RIGHT = 'vote cfg=(1) votes=(y)\n----\nVoteWon\n'
const WRONG = '# a comment\n\nsimple\nv1\n----\nvoters=(1)\n1: StateProbe match=0 next=7\n'

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8' })
  return { status, lines: stdout.trimEnd().split('\n'), stderr }
}

t.test('every scenario file below a folder is replayed, whatever its place and name', async t => {
  const folder = t.testdir({
    deep: { er: { 'no-ending': RIGHT } },
    'a.txt': RIGHT,
    'b.txt~': WRONG,
    '.c': WRONG
  })
  const { status, lines } = run(folder)
  t.equal(lines.at(-1), '2 passed, 0 failed')
  t.equal(status, 0)
})

t.test('a failing file is shown with its command, line, expected and actual output', async t => {
  const { status, lines } = run(t.testdir({ sub: { 'wrong.txt': WRONG }, 'right.txt': RIGHT }))
  t.equal(lines[0], 'sub/wrong.txt: line 3: simple (- expected, + actual)')
  t.match(lines.slice(1, 4), [
    '    voters=(1)',
    '  - 1: StateProbe match=0 next=7',
    '  + 1: StateProbe match=0 next=1'
  ])
  t.equal(lines.at(-1), '1 passed, 1 failed')
  t.equal(status, 1)
})

t.test('a file that can not be understood fails', async t => {
  const { status, lines } = run(t.testdir({ 'wrong.txt': 'committed cfg=(1\n----\nok\n' }))
  t.match(lines[0], /^wrong.txt: line 1: a list without its end/)
  t.equal(lines.at(-1), '0 passed, 1 failed')
  t.equal(status, 1)
})

t.test('no scenario file at all is a failure, in words', async t => {
  const { status, lines } = run(t.testdir({ 'README.md': 'Words.\n' }))
  t.equal(lines[0], 'README.md: not a scenario file')
  t.match(lines[1], /^no scenario files below /)
  t.equal(lines.at(-1), '0 passed, 0 failed')
  t.equal(status, 1)
})

t.test('without a folder that exists there is nothing to do', async t => {
  t.equal(run().status, 1)
  t.match(run().stderr, 'npm run conformance -- FOLDER')
  t.match(run(`${t.testdir()}/none`), { status: 1, stderr: /^there is no folder / })
})
