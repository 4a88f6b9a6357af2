import { readFile } from 'node:fs/promises'

/** Which process it was: a number alone is given again, in a container that restarts nearly always to another server. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, as the kernel tells it; empty where the kernel does not tell. */
  readonly started: string
}

export async function thisProcess(): Promise<ProcessIdentity> {
  return { pid: process.pid, started: (await kernelView(process.pid))?.started ?? '' }
}

export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false
  const view = await kernelView(pid)
  if (view === undefined) return process.platform !== 'linux' && answers(pid)
  return view.state !== 'Z' && view.started === started
}

/** State and start time of a process (proc(5), `stat`, fields 3 and 22). */
async function kernelView(
  pid: number
): Promise<{ readonly state: string; readonly started: string } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
