import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export interface Layer {
  readonly name: string
  readonly timeoutMs: number
  /** What to give to node, from the root of the repository. */
  readonly args: readonly string[]
  /** Without it there is nothing to run. */
  readonly needs: string
}

export interface Verdict {
  readonly isKilled: boolean
  /** The first failing test, or how it ended. */
  readonly by: string
}

const TESTS_OF = 'dist/test/mutation/tests-of.js'

/** Cheapest first. */
export function layers(testdata: string | undefined): Layer[] {
  const all: Layer[] = [
    {
      name: 'unit tables',
      timeoutMs: 60_000,
      args: [TESTS_OF, 'dist/test/consensus/core'],
      needs: 'dist/test/consensus/core'
    },
    {
      name: 'scenarios',
      timeoutMs: 60_000,
      args: [TESTS_OF, 'dist/test/scenarios'],
      needs: 'dist/test/scenarios'
    },
    {
      name: 'conformance',
      timeoutMs: 60_000,
      args: [TESTS_OF, 'dist/test/conformance'],
      needs: 'dist/test/conformance'
    },
    {
      name: 'simulator',
      timeoutMs: 300_000,
      args: ['dist/test/simulation/run.js', '--level', 'core', '--seeds', '240', '--steps', '600', '--quiet'],
      needs: 'dist/test/simulation/run.js'
    }
  ]
  return testdata === undefined ? all.filter(({ name }) => name !== 'conformance') : all
}

export function isThere({ needs }: Layer, root: string): boolean {
  return existsSync(join(root, needs))
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function run({ args, timeoutMs }: Layer, root: string): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, TAP_BAIL: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL'
    })
    running.add(child)
    let output = ''
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-64 * 1024)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', reject)
    child.on('close', code => {
      running.delete(child)
      if (/\b(SyntaxError|ReferenceError): /.test(output))
        reject(new Error(`no test of a rule:\n${output.slice(-2000)}`))
      resolve({ isKilled: code !== 0, by: code === null ? 'it hung' : firstFailure(output) })
    })
  })
}

/** Tests stop at the first failure, so the last one that began is the one that failed. */
function firstFailure(output: string): string {
  const test = [...output.matchAll(/^# Subtest: (.*)$/gm)].at(-1)?.[1]
  const seed = /^.*seed.*$/im.exec(output)?.[0]
  return test ?? seed?.trim() ?? 'it failed'
}
