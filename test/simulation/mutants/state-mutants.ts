import type { CommittedEntry, StateMachine } from '../../../src/consensus/ports.js'
import type { FileSystem, KeyValueStore } from '../../../src/storage/index.js'
import type { StateStore, StoredState } from '../node/state-device.js'

/** Applies now and then an entry a second time. */
export function applyingTwice(machine: StateMachine): StateMachine {
  const apply = (entry: CommittedEntry) => {
    if (entry.index % 7 === 0) machine.apply(entry)
    return machine.apply(entry)
  }
  return forwarding(machine, { apply })
}

/** Leaves now and then an entry out. */
export function leavingOut(machine: StateMachine): StateMachine {
  const apply = (entry: CommittedEntry) => (entry.index % 11 === 0 ? undefined : machine.apply(entry))
  return forwarding(machine, { apply })
}

/** Says that a checkpoint is on disk before it is: the log below it goes at once. */
export function confirmingEarly(states: StateStore): StateStore {
  return {
    get: group => states.get(group),
    write: (group, stored) => {
      void states.write(group, stored)
      return Promise.resolve()
    }
  }
}

/** Stores a state with the position of the one before: after a restart, entries are applied to a state that has them already. */
export function positionBehind(states: StateStore): StateStore {
  const newest = new Map<number, StoredState>()
  return {
    get: group => states.get(group),
    write: (group, stored) => {
      const before = newest.get(group) ?? states.get(group)
      newest.set(group, stored)
      return states.write(
        group,
        before === undefined ? stored : { ...stored, position: between(before, stored) }
      )
    }
  }
}

/** A position that counts as newer, so that it is stored, but is older than the state. */
function between({ position }: StoredState, stored: StoredState): StoredState['position'] {
  return { ...stored.position, index: Math.min(stored.position.index, position.index + 1) }
}

/** A disk that says "synced" and is not. */
export function neverSyncing(fs: FileSystem): FileSystem {
  return {
    open: async (path, mode) => {
      const file = await fs.open(path, mode)
      return Object.assign(Object.create(file) as typeof file, { sync: async () => {} })
    },
    exists: path => fs.exists(path),
    list: path => fs.list(path),
    createDirectory: path => fs.createDirectory(path),
    rename: (from, to) => fs.rename(from, to),
    remove: path => fs.remove(path),
    syncDirectory: path => fs.syncDirectory(path),
    freeBytes: path => fs.freeBytes(path)
  }
}

/** Checkpoints of the product that are written, but not synced, when the log below them goes. */
export function unsyncedStore(store: KeyValueStore): KeyValueStore {
  return {
    info: store.info,
    open: () => store.open(),
    close: () => store.close(),
    get: key => store.get(key),
    getMany: keys => store.getMany(keys),
    iterate: range => store.iterate(range),
    approximateSize: range => store.approximateSize(range),
    compact: range => store.compact(range),
    batch: () => {
      const batch = store.batch()
      return Object.assign(Object.create(batch) as typeof batch, {
        write: () => batch.write({ sync: false })
      })
    }
  }
}

function forwarding(machine: StateMachine, { apply }: Pick<StateMachine, 'apply'>): StateMachine {
  const { transfer } = machine
  return {
    prepare: data => machine.prepare(data),
    apply,
    endRound: () => machine.endRound(),
    ...(transfer === undefined ? {} : { transfer })
  }
}
