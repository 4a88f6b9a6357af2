import {
  type CheckResult,
  endOnUnexpectedErrors,
  listenForStop,
  PidFile,
  runCommandLine,
  type StartRequest,
  type StopRequest,
  writeBanner
} from './cli/index.js'
import type { Kernel } from './kernel/kernel.js'
import { readProduct } from './kernel/product.js'

const print = (text: string) => void process.stdout.write(text)
const printError = (text: string) => void process.stderr.write(text)

/** The process: what the executable runs. */
export async function main(argv: readonly string[]): Promise<void> {
  const { version } = readProduct()
  process.exitCode = await runCommandLine(argv, { version, print, printError, startServer, checkServer })
}

async function checkServer(argv: readonly string[], file: string | undefined): Promise<CheckResult> {
  const { checkServer } = await import('./kernel/check-server.js')
  return checkServer({ argv, ...surroundings(), ...(file !== undefined && { file }) })
}

/** Runs the server until a signal stops it. Ends the process itself: a plugin may have left something open. */
async function startServer(request: StartRequest): Promise<never> {
  const stop = listenForStop()
  // Promises alone do not keep a process alive, and a plugin may wait for nothing but a promise.
  setInterval(() => {}, 2 ** 30)
  try {
    process.exit(await run(request, stop))
  } catch (error) {
    if (stop.signal.aborted) process.exit(0)
    printError(`${describe(error, request.explain)}\n`)
    process.exit(1)
  }
}

async function run({ argv, explain }: StartRequest, stop: StopRequest): Promise<number> {
  const { Kernel } = await import('./kernel/kernel.js')
  const kernel = await Kernel.prepare({ argv, ...surroundings(), cancel: stop.signal })
  endOnUnexpectedErrors(kernel)
  const log = kernel.logging.logger.child({ logger: 'io.axoniq.axonserver.AxonServer' })
  writeBanner(kernel.info, kernel.settings, log, print)
  const pidFile = PidFile.write(kernel.settings.string('axoniq.axonserver.pid-file-location')!, log)
  try {
    await kernel.start()
    if (explain) print(`${kernel.explain().join('\n')}\n`)
    log.info(
      `Started AxonServer in ${seconds(performance.now() - startMs)} seconds (process running for ${seconds(process.uptime() * 1000)})`
    )
    return await runUntilStopped(kernel, stop)
  } finally {
    pidFile.remove()
  }
}

async function runUntilStopped(kernel: Kernel, stop: StopRequest): Promise<number> {
  const signal = await stop.requested
  kernel.log.info({ signal }, 'the server stops')
  const failures = await kernel.stop()
  return failures.length === 0 ? 0 : 1
}

const startMs = performance.now()

function surroundings() {
  return { env: process.env, cwd: process.cwd() }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

/** A failure that was foreseen has a complete message; of any other one the stack is all there is. */
function describe(error: unknown, withStack: boolean): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `\n${error.cause.stack}` : ''
  if (error.name === 'KernelError') return withStack ? error.message + cause : error.message
  return error.stack ?? error.message
}
