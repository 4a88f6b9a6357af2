import type { Kernel } from '../kernel/index.js'

/** `EX_SOFTWARE` of sysexits.h */
const unexpectedExitCode = 70

/**
 * An error that nobody caught leaves the process in a state that nobody has thought of, so it ends, as after a crash: what was
 * confirmed is on disk. A rejected promise that nobody waits for is such an error too.
 */
export function endOnUnexpectedErrors(kernel: Kernel): void {
  let isEnding = false
  process.on('uncaughtException', (error, origin) => {
    if (isEnding) return
    isEnding = true
    process.stderr.write(`${origin}: ${error instanceof Error ? error.stack : String(error)}\n`)
    kernel.log.error({ error, origin }, 'an unexpected error ends the process')
    void kernel.logging.close().finally(() => process.exit(unexpectedExitCode))
  })
}
