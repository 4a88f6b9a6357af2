import t from 'tap'
import { handOver } from '../../../bench/raft/hand-over.js'

const ROUNDS = 3

t.setTimeout(180_000)
t.test('a leader that is asked to stop hands over, and no append fails', async t => {
  const { failed, failures, redirected, gapMs } = await handOver(ROUNDS, 100)
  t.comment(`${gapMs.toFixed(0)} ms between two leaders, ${redirected} appends redirected`)
  t.equal(failed, 0, failures.join('; ') || 'every append was acknowledged')
  t.ok(redirected > 0, 'the leader changed under load')
})
