import type { HealthCheck } from '../../src/kernel/index.js'
import type { CommandRouter } from '../../src/messaging/index.js'

/** Component `command` of /actuator/health: WARN when commands wait for a handler that gives no permits. */
export function commandHealth(commands: CommandRouter): HealthCheck {
  return {
    name: 'command',
    check: () => {
      const details: Record<string, unknown> = {}
      let isStuck = false
      for (const { streamId, context, queue } of commands.handlers()) {
        details[`${streamId}.${context}.waitingCommands`] = queue.waiting
        details[`${streamId}.${context}.permits`] = queue.permits
        if (queue.waiting > 0 && queue.permits <= 0) isStuck = true
      }
      return { status: isStuck ? 'WARN' : 'UP', details }
    }
  }
}
