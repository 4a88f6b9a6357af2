import { type CheckResult, checkConfiguration } from './config/check.js'
import { type LoadOptions, readConfiguration } from './config/configuration.js'
import { ConfigurationError } from './config/configuration-error.js'
import { KernelError } from './kernel-error.js'
import { selectPlugins } from './loader/select-plugins.js'
import type { PropertyDeclaration } from './plugin.js'
import { readProduct } from './product.js'

/** All of a start but the work of the plugins: reads the configuration, and finds, checks and orders what it names. */
export async function checkServer(options: Omit<LoadOptions, 'declarations'>): Promise<CheckResult> {
  const { declarations, problem } = await declarationsOf(options)
  const { text, exitCode } = checkConfiguration({ ...options, declarations })
  return problem === undefined
    ? { text, exitCode }
    : { text: `${text}\nErrors in plugins:\n  ${problem}\n`, exitCode: 1 }
}

interface Found {
  readonly declarations: readonly PropertyDeclaration[]
  readonly problem?: string
}

async function declarationsOf(options: Omit<LoadOptions, 'declarations'>): Promise<Found> {
  try {
    const { settings, problems } = readConfiguration(options)
    if (problems.length > 0) return { declarations: [] }
    return await selectPlugins(settings, { cwd: options.cwd, product: readProduct() })
  } catch (error) {
    if (error instanceof KernelError) return { declarations: [], problem: error.message }
    // It says what it has to say again when the configuration is checked.
    if (error instanceof ConfigurationError) return { declarations: [] }
    throw error
  }
}
