import type { GoodClient } from './good-client.js'
import { pause } from './server-watch.js'

export interface Latency {
  readonly count: number
  readonly medianMs: number
  readonly maxMs: number
}

export interface Latencies {
  readonly append: Latency
  readonly command: Latency
}

/** How a client that does all right fares, for a while. */
export async function measureLatencies(client: GoodClient, durationMs: number): Promise<Latencies> {
  const appends: number[] = []
  const commands: number[] = []
  const endMs = Date.now() + durationMs
  while (Date.now() < endMs) {
    appends.push(await client.append())
    commands.push(await client.command())
    await pause(5)
  }
  return { append: summarise(appends), command: summarise(commands) }
}

export function describeLatencies({ append, command }: Latencies): string {
  return `append ${describe(append)}, command ${describe(command)}`
}

function describe({ medianMs, maxMs }: Latency): string {
  return `${medianMs.toFixed(1)} ms (at most ${maxMs.toFixed(1)})`
}

function summarise(values: readonly number[]): Latency {
  const sorted = [...values].sort((a, b) => a - b)
  return {
    count: sorted.length,
    medianMs: sorted[sorted.length >> 1] ?? Number.POSITIVE_INFINITY,
    maxMs: sorted.at(-1) ?? Number.POSITIVE_INFINITY
  }
}
