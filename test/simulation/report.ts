import type { SeedRequest } from './run-set.js'
import { commandOf, shrink } from './shrink.js'
import { drawConfig } from './world/config.js'
import { FAULT_WORDS, FAULTS } from './world/faults.js'
import type { RunResult } from './world/run-result.js'

/** What broke, in words, and how to see it again. */
export async function reportFailure(
  request: SeedRequest,
  result: RunResult,
  isQuiet: boolean
): Promise<void> {
  const { profile } = drawConfig(request)
  console.log(
    `${request.level} seed ${request.seed}, profile ${profile}, tick ${result.atTick}: ${words(result.failure, isQuiet)}`
  )
  console.log(`  again: ${commandOf(request)}`)
  if (isQuiet) return
  const smallest = await shrink(request)
  console.log(`  smaller: ${commandOf(smallest)}`)
  const { faults } = drawConfig(smallest)
  for (const fault of FAULTS)
    if (faults[fault]) console.log(`    still there: ${fault}: ${FAULT_WORDS[fault]}`)
}

function words(failure: unknown, isQuiet: boolean): string {
  if (!(failure instanceof Error)) return String(failure)
  return isQuiet ? failure.message : (failure.stack ?? failure.message)
}
