import type { Group } from './group.js'

/** Resolves when the condition holds, looked at whenever the group changes; false when the time is over, or the group has stopped. */
export function until(group: Group, withinMs: number, holds: () => boolean): Promise<boolean> {
  if (holds()) return Promise.resolve(true)
  return new Promise(resolve => {
    const finish = (result: boolean) => {
      timer.cancel()
      group.watchers.delete(check)
      resolve(result)
    }
    const check = () => {
      if (holds()) finish(true)
      else if (group.failure !== undefined) finish(false)
    }
    const timer = group.context.after(withinMs, () => finish(holds()))
    group.watchers.add(check)
  })
}
