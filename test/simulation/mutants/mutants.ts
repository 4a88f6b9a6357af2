import { EagerLog, ForgetfulLog, LaggingLog, ShortLog, VotelessLog } from './log-mutants.js'
import type { Mutant } from './mutant.js'
import {
  applyingTwice,
  confirmingEarly,
  leavingOut,
  neverSyncing,
  positionBehind,
  unsyncedStore
} from './state-mutants.js'

/** Faults of driver, journal and checkpoint that the simulator has to find. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledge-before-sync',
    words: 'the log says that a batch is on disk when it has only been handed over',
    storage: 'memory',
    profile: 'crash-storm',
    hooks: () => ({ log: log => new EagerLog(log) })
  },
  {
    name: 'never-sync',
    words: 'the journal does not sync its files',
    storage: 'journal',
    profile: 'crash-storm',
    hooks: () => ({ fileSystem: neverSyncing })
  },
  {
    name: 'forget-hard-state',
    words: 'a batch without entries is not written: votes and terms are forgotten',
    storage: 'memory',
    profile: 'crash-storm',
    hooks: () => ({ log: log => new ForgetfulLog(log) })
  },
  {
    name: 'forget-vote',
    words: 'a restarted node does not know for whom it has voted',
    storage: 'memory',
    profile: 'crash-storm',
    hooks: () => ({ log: log => new VotelessLog(log) })
  },
  {
    name: 'lagging-hard-state',
    words: 'entries are written with the hard state of the batch before',
    storage: 'memory',
    profile: 'crash-storm',
    hooks: () => ({ log: log => new LaggingLog(log) })
  },
  {
    name: 'reuse-index',
    words: 'a restarted node gives the index of its last entry to another',
    storage: 'memory',
    profile: 'crash-storm',
    hooks: () => ({ log: log => new ShortLog(log) })
  },
  {
    name: 'apply-twice',
    words: 'an entry is applied twice',
    storage: 'memory',
    profile: 'mixed',
    hooks: () => ({ machine: applyingTwice })
  },
  {
    name: 'leave-out',
    words: 'an entry is not applied',
    storage: 'memory',
    profile: 'mixed',
    hooks: () => ({ machine: leavingOut })
  },
  {
    name: 'drop-log-early',
    words: 'the log goes before the checkpoint that contains it is on disk',
    storage: 'memory',
    profile: 'crash-storm',
    hooks: () => ({ states: confirmingEarly })
  },
  {
    name: 'apply-over-newer-state',
    words: 'a checkpoint says an older position than its state has',
    storage: 'memory',
    profile: 'crash-storm',
    hooks: () => ({ states: positionBehind })
  },
  {
    name: 'unsynced-checkpoint',
    words: "the event store's checkpoint is not synced when the journal below it goes",
    storage: 'store',
    profile: 'crash-storm',
    hooks: () => ({ keyValueStore: unsyncedStore })
  },
  {
    name: 'unsynced-segments',
    words: 'journal and event segments of the event store are not synced',
    storage: 'store',
    profile: 'crash-storm',
    hooks: () => ({ fileSystem: neverSyncing })
  },
  {
    name: 'apply-twice-in-store',
    words: 'a transaction is applied to the event store twice',
    storage: 'store',
    profile: 'mixed',
    hooks: () => ({ machine: applyingTwice })
  }
]
