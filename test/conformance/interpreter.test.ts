import t from 'tap'
import { parseDirectiveLine } from './script/directive-line.js'
import { parseScript } from './script/parse-script.js'
import { replay, rewritten, type ScriptHandler } from './script/replay.js'
import { type Directive, directivesOf } from './script/script.js'

const lines = (...all: string[]) => all.map(line => `${line}\n`).join('')
const parse = (...all: string[]) => directivesOf(parseScript(lines(...all)))
const echo: ScriptHandler = { handle: ({ input }) => input }
const answering = (handle: (directive: Directive) => string): ScriptHandler => ({ handle })

t.test('arguments are bare words, values and lists', async t => {
  const args = (text: string) => parseDirectiveLine(text).args.map(({ key, values }) => [key, ...values])
  t.same(parseDirectiveLine('stabilize'), { command: 'stabilize', args: [] })
  t.same(args('add-nodes 3  voters=(1,2,3) index=2'), [['3'], ['voters', '1', '2', '3'], ['index', '2']])
  t.same(args('a voters=(1, 2,   3)'), [['voters', '1', '2', '3']], 'spaces after a comma are skipped')
  t.same(args('a learners=(2 3)'), [['learners', '2 3']], 'other spaces are kept')
  t.same(args('a list=( 1,2 )'), [['list', ' 1', '2 ']], 'also at the ends')
  t.same(args('a list=(x,(y,z),w)'), [['list', 'x', '(y,z)', 'w']], 'what is nested stays text')
  t.same(args('a key= other'), [['key', ''], ['other']], 'a value may be empty')
  t.same(args('a key='), [['key', '']], 'also at the end')
  t.same(args('a key=x=y'), [['key', 'x=y']])
  t.same(args('a list=()'), [['list', '']])
  t.same(args('propose 1 "foo"'), [['1'], ['"foo"']], 'quotes belong to the word')
})

t.test('a directive line that makes no sense is refused', async t => {
  for (const line of ['a =x', 'a b =x', 'a list=(1,2', 'a list=(1,(2)', 'a list=(1)2']) {
    t.throws(() => parseDirectiveLine(line), { name: 'ScriptError' }, line)
  }
})

t.test('comments stand only where a directive may begin', async t => {
  const [first, second, ...rest] = parse(
    '# a comment',
    '  # another',
    'one',
    '# input',
    '----',
    '# output',
    '',
    'two',
    '----'
  )
  t.equal(first!.input, '# input')
  t.equal(first!.expected, '# output\n')
  t.equal(first!.line, 3)
  t.equal(second!.command, 'two')
  t.equal(second!.expected, '')
  t.same(rest, [])
})

t.test('a directive goes on after a backslash at the end of its line', async t => {
  const [directive] = parse('  add-nodes 3 \\', '   voters=(1,2) \\', 'index=2', 'input', '----', 'ok')
  t.same(
    directive!.args.all.map(({ key }) => key),
    ['3', 'voters', 'index']
  )
  t.equal(directive!.input, 'input')
  t.equal(directive!.line, 1)
})

t.test('the input is trimmed as a whole and may hold blank lines', async t => {
  const [directive] = parse('run', '', '  a', '', 'b  ', ' ----', '', '----', 'ok')
  t.equal(directive!.input, 'a\n\nb  \n ----')
})

t.test('an output ends with a blank line and keeps its leading spaces', async t => {
  const [first, second] = parse('one', '----', '  x', '----', 'y', '   ', 'two', '----', 'z')
  t.equal(first!.expected, '  x\n----\ny\n')
  t.equal(second!.expected, 'z\n')
})

t.test('an output between double separators may hold blank lines', async t => {
  const [first, second] = parse(
    'one',
    '----',
    '----',
    'a',
    '',
    '----',
    'b',
    '----',
    '----',
    '',
    'two',
    '----',
    'z'
  )
  t.equal(first!.expected, 'a\n\n----\nb\n')
  t.equal(second!.expected, 'z\n')
  t.throws(() => parse('one', '----', '----', 'a', '', 'b'), { message: /without its closing separators/ })
  t.throws(() => parse('one', '----', '----', 'a', '----', '----', 'two'), { message: /no blank line/ })
})

t.test('without a separator there is no output', async t => {
  const [directive] = parse('one', 'input')
  t.equal(directive!.input, 'input')
  t.equal(directive!.expected, '')
})

t.test('subtests group directives, and have to be closed', async t => {
  const directives = parse(
    'subtest outer',
    'one',
    '----',
    '',
    'subtest outer/inner',
    '',
    'two',
    '----',
    '',
    'subtest end outer/inner',
    'subtest end'
  )
  t.same(
    directives.map(({ command }) => command),
    ['one', 'two']
  )
  t.throws(() => parse('subtest a'), { message: /has no end/ })
  t.throws(() => parse('subtest end'), { message: /without its beginning/ })
  t.throws(() => parse('subtest'), { message: /invalid syntax/ })
  t.throws(() => parse('subtest a', 'subtest b', 'subtest end', 'subtest end'), {
    message: /must begin with/
  })
  t.throws(() => parse('subtest a', 'subtest end b'), { message: /line 2: subtest end of "b"/ })
})

t.test('an output is compared exactly, with a line end of its own', async t => {
  const one = (expected: string) => parseScript(`run\nfoo\n----\n${expected}`)
  t.equal(replay(one('foo\n'), echo), undefined)
  t.equal(replay(one('foo'), echo), undefined, 'also at the end of a file without line end')
  for (const wrong of ['', 'fo\n', 'foo \n', ' foo\n', 'foo\nbar\n', 'Foo\n']) {
    const mismatch = replay(one(wrong), echo)
    t.equal(mismatch?.actual, 'foo\n', JSON.stringify(wrong))
    t.equal(mismatch?.directive.line, 1)
  }
})

t.test('the first wrong output ends a replay, and so does a fault', async t => {
  const seen: string[] = []
  const handler = answering(({ command }) => {
    seen.push(command)
    if (command === 'throw') throw new Error('broken')
    return command
  })
  const script = (...commands: string[]) =>
    parseScript(lines(...commands.flatMap(each => [each, '----', 'a', ''])))
  t.equal(replay(script('a', 'b', 'c'), handler)?.directive.command, 'b')
  t.same(seen, ['a', 'b'])
  t.equal(replay(script('a', 'throw'), handler)?.actual, 'Error: broken\n')
})

t.test('a fault is no output, whatever is expected', async t => {
  const script = parseScript(lines('run', '----', 'Error: broken'))
  const handler = answering(() => {
    throw new Error('broken')
  })
  t.not(replay(script, handler), undefined)
})

t.test('rewriting changes outputs and nothing else', async t => {
  const handler = answering(({ command, input }) => (command === 'blank' ? 'x\n\ny' : `${input}!`))
  const before = lines(
    '# comment',
    '',
    'one 1 \\',
    '  2',
    'input',
    '----',
    'old',
    'lines',
    '',
    '',
    'subtest s',
    'blank',
    '----',
    '',
    'subtest end',
    '# last'
  )
  const after = lines(
    '# comment',
    '',
    'one 1 \\',
    '  2',
    'input',
    '----',
    'input!',
    '',
    '',
    'subtest s',
    'blank',
    '----',
    '----',
    'x',
    '',
    'y',
    '----',
    '----',
    '',
    'subtest end',
    '# last'
  )
  t.equal(rewritten(parseScript(before), handler), after)
  t.equal(rewritten(parseScript(after), handler), after, 'twice is as once')
  t.equal(replay(parseScript(after), handler), undefined)
})

t.test('rewriting gives an output to a directive that has none yet', async t => {
  t.equal(rewritten(parseScript('run\nfoo'), echo), lines('run', 'foo', '----', 'foo'))
})

t.test('rewriting stops at a fault', async t => {
  const handler = answering(() => {
    throw new Error('broken')
  })
  t.throws(() => rewritten(parseScript(lines('', 'run', '----')), handler), {
    message: /line 2: run: Error: broken/
  })
})
