/** Each class is off in half of the runs, and is taken away one by one when a failure is made smaller. */
export const FAULTS = [
  'drop',
  'duplicate',
  'delay',
  'clog',
  'partition',
  'crash',
  'slowDisk',
  'staleState',
  'clock',
  'snapshot',
  'coldLog',
  'membership',
  'transfer',
  'relax',
  'overload',
  'reports'
] as const
export type Fault = (typeof FAULTS)[number]
export type FaultSet = Readonly<Record<Fault, boolean>>

export const FAULT_WORDS: Readonly<Record<Fault, string>> = {
  drop: 'messages get lost',
  duplicate: 'messages come twice',
  delay: 'messages take long and overtake each other',
  clog: 'one direction of one pair stops for a while',
  partition: 'the network is cut: halves, one node, the leader alone or with a minority, a ring, one way',
  crash: 'processes end and start again',
  slowDisk: 'writes take long or stop for a while',
  staleState: 'the state on disk is far behind the log',
  clock: 'ticks come twice, not at all, in bursts, too fast or too slow',
  snapshot: 'snapshots are not available, break off, or their outcome is reported wrongly',
  coldLog: 'entries have to be loaded before they can be sent or applied',
  membership: 'members are added, removed, promoted and demoted',
  transfer: 'leadership is handed over',
  relax: 'the commit gate is relaxed by an operator',
  overload: 'more and larger proposals than the limits admit',
  reports: 'peers are reported unreachable, leaders reported gone'
}
