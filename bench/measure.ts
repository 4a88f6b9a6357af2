import { readFileSync } from 'node:fs'

export interface Row {
  readonly scenario: string
  readonly case: string
  readonly perSecond: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  /** CPU microseconds of the server per operation, when its process is known. */
  readonly serverMicros?: number
  readonly serverMegabytes?: number
}

export interface Load {
  readonly inFlight: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly serverPid: number | undefined
}

/** Keeps `inFlight` operations under way and counts those that end inside the window. */
export async function measure(
  scenario: string,
  name: string,
  load: Load,
  operation: () => Promise<void>
): Promise<Row> {
  const latenciesMs: number[] = []
  let isCounting = false
  let isOver = false
  const worker = async () => {
    while (!isOver) {
      const startedMs = performance.now()
      await operation()
      if (isCounting) latenciesMs.push(performance.now() - startedMs)
    }
  }
  const workers = Array.from({ length: load.inFlight }, worker)
  await delay(load.warmUpSeconds)
  const cpuBefore = cpuMicros(load.serverPid)
  const startedMs = performance.now()
  isCounting = true
  await delay(load.seconds)
  isCounting = false
  const elapsedSeconds = (performance.now() - startedMs) / 1000
  const cpuAfter = cpuMicros(load.serverPid)
  isOver = true
  await Promise.all(workers)
  latenciesMs.sort((a, b) => a - b)
  const count = latenciesMs.length
  return {
    scenario,
    case: name,
    perSecond: count / elapsedSeconds,
    p50Ms: latenciesMs[Math.floor(count * 0.5)] ?? 0,
    p99Ms: latenciesMs[Math.floor(count * 0.99)] ?? 0,
    ...serverFigures(cpuBefore, cpuAfter, count, load.serverPid)
  }
}

/** Counts what a running stream delivers inside the window. */
export async function measureStream(
  scenario: string,
  name: string,
  load: Load,
  delivered: () => number
): Promise<Row> {
  await delay(load.warmUpSeconds)
  const cpuBefore = cpuMicros(load.serverPid)
  const before = delivered()
  const startedMs = performance.now()
  await delay(load.seconds)
  const count = delivered() - before
  const elapsedSeconds = (performance.now() - startedMs) / 1000
  return {
    scenario,
    case: name,
    perSecond: count / elapsedSeconds,
    ...serverFigures(cpuBefore, cpuMicros(load.serverPid), count, load.serverPid)
  }
}

export function table(rows: readonly Row[]): string {
  const head = ['scenario', 'case', 'per s', 'p50 ms', 'p99 ms', 'server us', 'server MB']
  const cells = rows.map(row => [
    row.scenario,
    row.case,
    Math.round(row.perSecond).toLocaleString('en'),
    row.p50Ms?.toFixed(3) ?? '',
    row.p99Ms?.toFixed(3) ?? '',
    row.serverMicros?.toFixed(1) ?? '',
    row.serverMegabytes?.toFixed(0) ?? ''
  ])
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map(row => row[i]!.length)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  return [line(head), ...cells.map(line)].join('\n')
}

function serverFigures(
  before: number | undefined,
  after: number | undefined,
  count: number,
  pid: number | undefined
) {
  if (before === undefined || after === undefined) return {}
  return { serverMicros: (after - before) / Math.max(1, count), serverMegabytes: residentMegabytes(pid!) }
}

/** From /proc, in steps of 10 ms. */
function cpuMicros(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

export function residentMegabytes(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1]) / 1024
}

function delay(seconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, seconds * 1000))
}
