import { spawn, spawnSync } from 'node:child_process'
import type { Test } from 'tap'

/** Whether a program is there; where it must be (CI), its absence is a failure, elsewhere a skip that says so. */
export function missingProgram(...programs: readonly string[]): string | undefined {
  const missing = programs.filter(program => spawnSync('which', [program]).status !== 0)
  if (missing.length === 0) return undefined
  if (process.env.MYELIN_REQUIRE_CLIENTS === '1') throw new Error(`this test needs ${missing.join(', ')}`)
  return `not run: this test needs ${missing.join(', ')}`
}

export interface Finished {
  readonly code: number | null
  readonly output: string
}

/** Runs a program to its end; output of both streams. */
export function run(
  command: readonly string[],
  options: {
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    readonly deadlineMs: number
  }
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const [file, ...args] = command
    const child = spawn(file!, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.deadlineMs,
      killSignal: 'SIGKILL'
    })
    let output = ''
    child.stdout.on('data', chunk => (output += chunk))
    child.stderr.on('data', chunk => (output += chunk))
    child.once('error', reject)
    child.once('close', code => resolve({ code, output }))
  })
}

/** Turns the `ok -` and `not ok -` lines of a client program into assertions of this test. */
export function reportChecks(t: Test, finished: Finished, expectedCount: number): void {
  const lines = finished.output.split('\n').filter(line => /^(not )?ok - /.test(line))
  for (const line of lines) {
    if (line.startsWith('ok')) t.pass(line.slice('ok - '.length))
    else t.fail(line)
  }
  t.equal(lines.length, expectedCount, `${expectedCount} checks have run`)
  t.equal(finished.code, 0, finished.code === 0 ? 'the client ended well' : finished.output.slice(-5000))
}
