import t from 'tap'
import { ConfChangeHandler } from './confchange/conf-change-handler.js'
import { handlerFor } from './handler-for.js'
import { Environment } from './interaction/environment.js'
import { goQuote } from './interaction/go-quote.js'
import { QuorumHandler } from './quorum/quorum-handler.js'
import { parseScript } from './script/parse-script.js'
import type { ScriptHandler } from './script/replay.js'
import { directivesOf } from './script/script.js'

/** Runs one directive, with its input on the next lines. */
function run(handler: ScriptHandler, text: string): string {
  return handler.handle(directivesOf(parseScript(`${text}\n----\n`))[0]!)
}

t.test('the handler of a script follows from its commands', async t => {
  const handler = (text: string) => handlerFor(parseScript(text))
  t.ok(handler('committed cfg=(1) idx=(2)\n----\n') instanceof QuorumHandler)
  t.ok(handler('vote\n----\n') instanceof QuorumHandler)
  for (const command of ['simple', 'enter-joint', 'leave-joint']) {
    t.ok(handler(`${command}\n----\n`) instanceof ConfChangeHandler, command)
  }
  t.ok(handler('log-level none\n----\n\nadd-nodes 1\n----\n') instanceof Environment)
  t.not(handler('simple\n----\n'), handler('simple\n----\n'), 'a state of its own for each')
})

t.test('quorums: drawings, results, and what makes no sense', async t => {
  const quorum = new QuorumHandler()
  t.equal(
    run(quorum, 'committed cfg=(1,2,3) idx=(12,5,_)'),
    '       idx\nxx>     12    (id=1)\nx>       5    (id=2)\n?        0    (id=3)\n5\n'
  )
  t.equal(run(quorum, 'committed'), '<empty majority quorum>∞\n')
  t.equal(run(quorum, 'committed cfg=() idx=()'), '<empty majority quorum>∞\n')
  t.equal(run(quorum, 'committed cfg=(11,2) cfgj=zero idx=(_,5)').split('\n')[2], '?       0    (id=b)')
  t.equal(run(quorum, 'vote cfg=(1,2) cfgj=(2,3) votes=(y,y,_)'), 'VotePending\n')
  t.equal(
    run(quorum, 'committed cfg=(1,2,3) idx=(12,5)'),
    'error: mismatched input (explicit or _) for voters (1 2 3): [12 5]\n'
  )
  for (const line of [
    'committed cfg=(1) idx=(0)',
    'committed cfg=(x) idx=(1)',
    'committed cfg=(1) ids=(1)',
    'committed cfg=(1) cfgj=(zero,1) idx=(1)',
    'vote cfg=(1) votes=(yes)',
    'elect'
  ]) {
    t.throws(() => run(quorum, line), { name: 'ScriptError' }, line)
  }
})

t.test('configurations: what fails changes nothing, but time passes', async t => {
  const handler = new ConfChangeHandler()
  t.equal(run(handler, 'simple\nv1'), 'voters=(1)\n1: StateProbe match=0 next=1\n')
  t.equal(run(handler, 'simple\nv2 v3'), 'more than one voter changed without entering joint config\n')
  t.equal(run(handler, 'simple\nx2'), 'unknown input: x2')
  t.equal(run(handler, 'simple\nv'), 'unknown token v')
  t.equal(run(handler, 'promote\nv2'), 'unknown command')
  t.equal(run(handler, 'leave-joint\nv2'), 'this command takes no input\n')
  t.equal(
    run(handler, 'simple\nl10'),
    'voters=(1) learners=(a)\n1: StateProbe match=0 next=1\n10: StateProbe match=0 next=6 learner\n'
  )
  t.match(run(handler, 'enter-joint autoleave=1\nv2'), 'voters=(1 2)&&(1) learners=(a) autoleave\n')
  t.equal(run(handler, 'enter-joint\nv2'), 'config is already joint\n')
  t.equal(run(handler, 'simple\nv3'), "can't apply simple config change in joint config\n")
  t.match(run(handler, 'leave-joint'), 'voters=(1 2) learners=(a)\n')
  t.equal(run(handler, 'leave-joint'), "can't leave a non-joint config\n")
})

t.test('interaction: errors in words, silence below a level, indents in whole lines', async t => {
  const environment = new Environment()
  t.equal(run(environment, '_breakpoint'), 'ok')
  t.equal(run(environment, 'no-such-command'), 'unknown command')
  t.equal(
    run(environment, 'log-level loud'),
    'log levels must be either of [DEBUG INFO WARN ERROR FATAL NONE]'
  )
  t.equal(
    run(environment, 'add-nodes 1 voters=(1) index=1'),
    'index must be specified as > 1 due to bootstrap'
  )
  t.equal(run(environment, 'add-nodes 1 content=x'), 'index must be specified as > 1 due to bootstrap')
  t.equal(run(environment, 'add-nodes 1 read-only=never'), 'invalid read-only option "never"')
  t.match(
    run(environment, 'add-nodes 2 voters=(1,2) index=2'),
    /^INFO 1 switched to configuration voters=\(1 2\)\n/
  )
  t.equal(run(environment, 'log-level WaRn'), 'ok')
  t.equal(run(environment, 'add-nodes 1'), 'ok')
  t.equal(run(environment, 'propose 1 x'), 'raft proposal dropped')
  t.equal(run(environment, 'raft-log 3'), 'log is empty: first index=1, last index=0')
  t.equal(run(environment, 'process-ready 3'), '<empty Ready>')
  t.equal(
    run(environment, 'process-ready 1 3'),
    '> 1 handling Ready\n  <empty Ready>\n> 3 handling Ready\n  <empty Ready>\n'
  )
  t.equal(run(environment, 'process-append-thread 1'), 'no append work to perform')
  t.equal(run(environment, 'deliver-msgs 1 drop=(7)'), 'no messages\n')
  t.equal(run(environment, 'report-unreachable 1').split(':')[0], 'must specify exactly two node indexes')
  t.equal(
    run(environment, 'propose-conf-change 1 v1=true\nv2 v3').slice(0, 36),
    'v1 conf change can only have one ope'
  )
  t.equal(run(environment, 'propose-conf-change 1 transition=sudden\nv2'), 'unknown transition sudden')
  t.equal(run(environment, 'log-level none'), 'ok')
  t.equal(run(environment, 'raft-state'), 'ok', 'outputs are silenced too')
  t.equal(run(environment, 'propose 1 x'), 'raft proposal dropped', 'errors are not')
  t.equal(run(environment, 'stabilize log-level=debug').split('\n')[0], 'ok', 'nothing to do')
  for (const line of [
    'campaign 9',
    'deliver-msgs 1 drop=(1)',
    'deliver-msgs 1 type=MsgNo',
    'status x',
    'propose 1 a=b'
  ]) {
    t.throws(() => run(environment, line), { name: 'ScriptError' }, line)
  }
})

t.test('a level for one stabilize is given back', async t => {
  const environment = new Environment()
  run(environment, 'add-nodes 1 voters=(1) index=2')
  run(environment, 'campaign 1')
  t.equal(run(environment, 'stabilize log-level=none'), 'ok')
  t.match(run(environment, 'raft-state'), '1: StateLeader (Voter) Term:1 Lead:1\n')
})

t.test('a compaction that asks too much is an error or a fault', async t => {
  const environment = new Environment()
  run(environment, 'add-nodes 1 voters=(1) index=5')
  t.equal(run(environment, 'compact 1 5'), 'requested index is unavailable due to compaction')
  t.throws(() => run(environment, 'compact 1 6'), { name: 'InvariantError' })
})

t.test('bytes are quoted as Go does', async t => {
  const quoted = (...parts: (string | number)[]) =>
    goQuote(
      Buffer.concat(parts.map(each => (typeof each === 'number' ? Buffer.from([each]) : Buffer.from(each))))
    )
  t.equal(quoted(), '""')
  t.equal(quoted('a "b" \\ ü ∞ 🎉'), '"a \\"b\\" \\\\ ü ∞ 🎉"')
  t.equal(quoted('\n\t\r\x07\x00\x7f'), '"\\n\\t\\r\\a\\x00\\x7f"')
  t.equal(quoted('\u00a0\u200b'), '"\\u00a0\\u200b"', 'what can not be printed')
  t.equal(quoted(0xff, 'a', 0xc3), '"\\xffa\\xc3"', 'what is no UTF-8')
  t.equal(quoted('\u{e0001}'), '"\\U000e0001"')
})
