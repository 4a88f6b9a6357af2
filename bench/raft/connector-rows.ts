import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RaftProcesses } from '../../test/cluster/processes/raft-processes.js'

/** The `append` rows of the bench with the released Java client, against the leader of three whole servers; prints what it prints. */
export async function connectorRows(
  jar: string,
  load: { readonly payloadBytes: number; readonly seconds: number; readonly rounds: number }
): Promise<unknown> {
  const processes = await RaftProcesses.start()
  const directory = mkdtempSync(join(tmpdir(), 'myelin-bench-connector-'))
  const json = join(directory, 'figures.json')
  try {
    const leader = await processes.leader()
    const args = [
      ['-jar', jar, 'append'],
      ['--servers', leader.grpcAddress],
      ['--server-pid', processes.pids.join(',')],
      ['--payload', String(load.payloadBytes)],
      ['--seconds', String(load.seconds)],
      ['--runs', String(load.rounds)],
      ['--json', json]
    ].flat()
    const code = await new Promise(resolve =>
      spawn('java', args, { stdio: ['ignore', 'inherit', 'inherit'] }).once('exit', resolve)
    )
    if (code !== 0) throw new Error(`the bench of the Java client ended with ${code}`)
    return JSON.parse(readFileSync(json, 'utf8'))
  } finally {
    rmSync(directory, { recursive: true, force: true })
    await processes.remove()
  }
}
