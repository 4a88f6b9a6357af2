import type { CommittedEntry, StateMachine, StateTransfer } from '../../../src/consensus/ports.js'
import { iterateEvents } from '../../../src/storage/index.js'
import type { SimulatedGroup } from './simulated-group.js'
import type { SimulatedProcess } from './simulated-process.js'

/** Where the frames of an append begin in its log entry. */
const FRAMES_AT = 16

interface Appended {
  readonly firstToken: number
  readonly count: number
}

/** The event store's state machine, with the observer beside it. */
export function watched(
  machine: StateMachine,
  process: SimulatedProcess,
  group: SimulatedGroup
): StateMachine {
  const { transfer } = machine
  return {
    prepare: data => machine.prepare(data),
    apply: entry => {
      const result = machine.apply(entry)
      process.world.guard(() => sawApply(process, group, entry, result))
      return result
    },
    endRound: () => machine.endRound(),
    ...(transfer === undefined ? {} : { transfer: watchedTransfer(transfer, process, group) })
  }
}

function sawApply(
  process: SimulatedProcess,
  group: SimulatedGroup,
  entry: CommittedEntry,
  result: unknown
): void {
  const appended = isAppended(result) ? result : undefined
  // Equal positions, equal lengths: the events themselves are compared by their tokens.
  const digest = appended === undefined ? undefined : appended.firstToken + appended.count
  const isNews = group.observer.applied.appliedByMachine(process.id, entry, digest)
  if (!isNews) return
  const events = appended === undefined ? [] : [...iterateEvents(entry.data.subarray(FRAMES_AT))]
  process.world.applied(
    group,
    events.map(event => group.reader.read(event))
  )
}

function isAppended(result: unknown): result is Appended {
  return typeof result === 'object' && result !== null && 'firstToken' in result
}

function watchedTransfer(
  transfer: StateTransfer,
  process: SimulatedProcess,
  group: SimulatedGroup
): StateTransfer {
  return {
    openSource: atLeast => transfer.openSource(atLeast),
    openSink: async () => {
      const sink = await transfer.openSink()
      return {
        begin: manifest => sink.begin(manifest),
        write: piece => sink.write(piece),
        abort: () => sink.abort(),
        commit: async position => {
          await sink.commit(position)
          process.world.installed()
          const conf = position.membership!.conf
          process.world.guard(() =>
            group.observer.applied.loaded(process.id, { index: position.index, conf, digest: undefined })
          )
        }
      }
    }
  }
}
