import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Which process it was: a number alone is given again, in a container that restarts nearly always to another server. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, as the kernel tells it; empty where the kernel does not tell. */
  readonly started: string
  /** Machine, boot and container, where known: numbers of another place mean nothing here. */
  readonly place: string
}

export async function thisProcess(): Promise<ProcessIdentity> {
  const started = (await kernelView(process.pid))?.started ?? ''
  const boot = (await unlessMissing(readFile('/proc/sys/kernel/random/boot_id', 'utf8'))) ?? ''
  const container = (await unlessMissing(readlink('/proc/self/ns/pid'))) ?? ''
  return { pid: process.pid, started, place: [hostname(), boot.trim(), container].join(' ') }
}

/** Only for a process of the same place. */
export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false
  const view = await kernelView(pid)
  if (view === undefined) return process.platform !== 'linux' && answers(pid)
  return view.state !== 'Z' && view.started === started
}

/** Undefined for what cannot be read: a file that was cut off while it was written. */
export function parseIdentity(content: string): ProcessIdentity | undefined {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, started = '', place = '' } = value as Record<string, unknown>
  if (typeof pid !== 'number' || typeof started !== 'string' || typeof place !== 'string') return undefined
  return { pid, started, place }
}

/** State and start time of a process (proc(5), `stat`, fields 3 and 22). */
async function kernelView(
  pid: number
): Promise<{ readonly state: string; readonly started: string } | undefined> {
  const stat = await unlessMissing(readFile(`/proc/${pid}/stat`, 'utf8'))
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', started: fields[19] ?? '' }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A process may end while it is looked at (ESRCH), and other systems have no /proc. */
function unlessMissing(text: Promise<string>): Promise<string | undefined> {
  return text.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH' || error.code === 'EACCES') return undefined
    throw error
  })
}
