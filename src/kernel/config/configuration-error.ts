/** The configuration cannot be used; the message lists everything that is wrong with it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'

  constructor(readonly problems: readonly string[]) {
    super(
      problems.length === 1
        ? `The configuration cannot be used. ${problems[0]}`
        : `The configuration cannot be used, ${problems.length} problems:\n${problems.map(problem => `  - ${problem}`).join('\n')}`
    )
  }
}
