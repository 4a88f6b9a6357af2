import t from 'tap'
import { faults } from './faults.js'
import { RaftProcesses } from './raft-processes.js'
import { torment } from './torment.js'

const minutes = process.env.CI_FULL === '1' ? 20 : 2
const seed = Number(process.env.NEMESIS_SEED ?? Date.now() % 1_000_000)

t.setTimeout((minutes + 5) * 60_000)
t.test(
  'three processes keep every promise while they are killed, stopped, cut off and slowed down',
  async t => {
    t.comment(`seed ${seed}; again: npm run nemesis -- --minutes ${minutes} --seed ${seed}`)
    const processes = await RaftProcesses.start({ proxies: true })
    t.teardown(async () => {
      await processes.remove()
      // A connection of a killed process that the kernel has not given up yet must not keep this one.
      setTimeout(() => process.exit(), 5000).unref()
    })
    const report = await torment(processes, { minutes, seed, faults, log: line => t.comment(line) }).catch(
      error => {
        t.comment(processes.outputs())
        throw error
      }
    )
    t.comment(JSON.stringify(report, null, 2))
    t.ok(report.longestGapMs < 30_000, `no more than ${report.longestGapMs} ms without an acknowledgement`)
    t.notMatch(
      Object.keys(report.codes).join(),
      /AXONIQ-(0001|9000)/,
      'no client was told of a bug or of damage'
    )
    t.ok(report.operations.ok > minutes * 300, `${report.operations.ok} operations were acknowledged`)
    t.ok(report.reads > minutes * 50, `${report.reads} linearizable reads`)
    t.ok(
      Object.keys(report.faults).length >= Math.min(8, Object.keys(faults).length),
      'faults of most kinds happened'
    )
    t.ok(report.term > minutes, 'leaders changed')
  }
)
