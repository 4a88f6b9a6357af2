import { describeStray, splitArguments } from '../properties.js'
import { usageExitCode, type Verb } from '../verb.js'

export const start: Verb = (program, surroundings, finish) => {
  program
    .command('start')
    .summary('start the server')
    .description(
      'Starts the server. Every property can be given: --axoniq.axonserver.port=8124, or -Daxoniq.axonserver.port=8124.'
    )
    .usage('[--explain] [--<property>=<value> ...] [-D<property>=<value> ...]')
    .argument('[properties...]')
    .option('--explain', 'print how long each part of the start took, and the stack where it fails')
    .allowUnknownOption()
    .action(async (args: string[], { explain = false }: { explain?: boolean }) => {
      const { properties, others } = splitArguments(args)
      if (others.length > 0) {
        surroundings.printError(describeStray('start', others[0]!))
        finish(usageExitCode)
      } else finish(await surroundings.startServer({ argv: properties, explain }))
    })
}
