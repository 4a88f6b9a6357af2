export interface SplitArguments {
  /** `--name=value`, `--name`, `-Dname=value` */
  readonly properties: readonly string[]
  readonly others: readonly string[]
}

/** Tells the properties on a command line from what does not belong there. */
export function splitArguments(args: readonly string[]): SplitArguments {
  const isProperty = (arg: string) => /^(--[A-Za-z]|-D[^=])/.test(arg)
  return { properties: args.filter(isProperty), others: args.filter(arg => !isProperty(arg)) }
}

export function describeStray(verb: string, stray: string): string {
  return `error: myelin ${verb} does not know what ${stray} means. Write properties as --name=value.\n`
}
