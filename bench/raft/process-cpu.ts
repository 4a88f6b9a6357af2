import { readFileSync } from 'node:fs'

const CLOCK_TICK_MICROS = 10_000

/** CPU that processes have used so far, theirs and the kernel's for them; from /proc, in steps of 10 ms. */
export function cpuMicros(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMicrosOf(pid), 0)
}

function cpuMicrosOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MICROS
}

/** CPU in milliseconds a second, of processes that are left alone for a while. */
export async function cpuAtRest(pids: readonly number[], seconds: number): Promise<number> {
  const before = cpuMicros(pids)
  await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  return (cpuMicros(pids) - before) / 1000 / seconds
}
