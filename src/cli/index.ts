import { Command, CommanderError } from 'commander'
import { type Surroundings, usageExitCode, type Verb } from './verb.js'
import { config } from './verbs/config.js'
import { start } from './verbs/start.js'

export { writeBanner } from './banner.js'
export { PidFile } from './pid-file.js'
export { listenForStop, type StopRequest } from './stop-request.js'
export { endOnUnexpectedErrors } from './unexpected-errors.js'
export type { CheckResult, StartRequest, Surroundings } from './verb.js'

const verbs: readonly Verb[] = [start, config]

/** Runs one verb and gives the exit code of the process. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode = 0
  const program = createProgram(surroundings)
  for (const verb of verbs) {
    verb(program, surroundings, code => {
      exitCode = code
    })
  }
  try {
    await program.parseAsync(argv.length === 0 ? ['help'] : argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : usageExitCode
  }
}

function createProgram({ version, print, printError }: Surroundings): Command {
  return new Command('myelin')
    .description('An event store and message router that speaks the Axon Server protocol.')
    .version(version, '-V, --version', 'print the version')
    .helpCommand('help [verb]', 'say how a verb is used')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: printError })
    .showHelpAfterError('(myelin help lists the verbs)')
}
