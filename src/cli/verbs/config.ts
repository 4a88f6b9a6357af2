import { describeStray, splitArguments } from '../properties.js'
import { usageExitCode, type Verb } from '../verb.js'

export const config: Verb = (program, surroundings, finish) => {
  program
    .command('config')
    .summary('look at the configuration')
    .description('Looks at the configuration.')
    .command('check')
    .summary('say what a start would make of the configuration')
    .description(
      'Reads the configuration as a start would, loads the plugins that it names without starting them, and says what is set, where, and what is wrong. Exit code 1 when anything is.'
    )
    .usage('[FILE] [--<property>=<value> ...]')
    .argument('[file]', 'read this file instead of those in the usual places')
    .argument('[properties...]')
    .allowUnknownOption()
    .action(async (file: string | undefined, args: string[]) => {
      const { properties, others } = splitArguments([...(file === undefined ? [] : [file]), ...args])
      if (others.length > 1) {
        surroundings.printError(describeStray('config check', others[1]!))
        finish(usageExitCode)
        return
      }
      const { text, exitCode } = await surroundings.checkServer(properties, others[0])
      surroundings.print(text)
      finish(exitCode)
    })
}
