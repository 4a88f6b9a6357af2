import { type Configuration, loadConfiguration, readConfiguration } from './config/configuration.js'
import { ConfigurationError } from './config/configuration-error.js'
import { KernelError } from './kernel-error.js'
import type { PropertyDeclaration } from './plugin.js'

export interface Surroundings {
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

/**
 * The configuration is read twice where a plugin brings properties along: which plugins there are is itself a property. The
 * first reading does not yet complain about unknown keys.
 */
export function readBeforePlugins(surroundings: Surroundings): Configuration {
  return inWords(() => {
    const reading = readConfiguration(surroundings)
    if (reading.problems.length > 0) throw new ConfigurationError(reading.problems)
    return reading
  })
}

export function readWithPlugins(
  first: Configuration,
  surroundings: Surroundings,
  declarations: readonly PropertyDeclaration[]
): Configuration {
  const mustRefuse = first.warnings.length > 0 && first.settings.boolean('myelin.config.strict')
  if (declarations.length === 0 && !mustRefuse) return first
  return inWords(() => loadConfiguration({ ...surroundings, declarations }))
}

function inWords<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    throw new KernelError('KERNEL_CONFIGURATION', { problems: error.message }, { cause: error })
  }
}
