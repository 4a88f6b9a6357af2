import type { Command } from 'commander'

export interface StartRequest {
  /** The properties on the command line. */
  readonly argv: readonly string[]
  /** Print what the start consisted of, and stacks where it fails. */
  readonly explain: boolean
}

export interface CheckResult {
  readonly text: string
  readonly exitCode: number
}

/** What a verb may use; the process itself belongs to `main`. */
export interface Surroundings {
  readonly version: string
  print(text: string): void
  printError(text: string): void
  /** Runs the server until it is stopped, and gives the exit code. */
  startServer(request: StartRequest): Promise<number>
  /** Says what a start would make of the configuration; of this file instead of those in the usual places. */
  checkServer(argv: readonly string[], file: string | undefined): Promise<CheckResult>
}

/** Adds a verb to the command line; its action gives the exit code to `finish`. */
export type Verb = (program: Command, surroundings: Surroundings, finish: (exitCode: number) => void) => void

/** Wrong use of the command line. */
export const usageExitCode = 2
