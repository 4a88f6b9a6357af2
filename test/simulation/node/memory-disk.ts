import type { LogStorage } from '../../../src/storage/index.js'
import type { DurableLog } from '../invariants/durable-log.js'
import { LogDevice, logOf } from './log-device.js'
import type { ProcessDisk } from './process-disk.js'
import type { SimulatedProcess } from './simulated-process.js'
import { StateDevice } from './state-device.js'

/** Log and states in memory, behind a simulated sync. */
export class MemoryDisk implements ProcessDisk {
  readonly log = new LogDevice()
  readonly states = new StateDevice()

  set process(process: SimulatedProcess) {
    this.log.process = process
    this.states.process = process
  }

  attachLog(): LogStorage {
    return this.log.attach()
  }

  logOf(group: number): DurableLog {
    return logOf(this.log.durable, group, this.coveredIndex(group))
  }

  coveredIndex(group: number): number {
    return this.states.get(group)?.position.index ?? 0
  }

  crash(): void {
    this.log.crash()
  }
}
