import type { Fault } from './faults.js'

export const PROFILES = ['mixed', 'config-storm', 'crash-storm', 'reads-and-clocks', 'leader-flips'] as const
export type Profile = (typeof PROFILES)[number]

/** Probabilities per tick of the whole cluster, unless the name says otherwise. */
export interface Rates {
  readonly crash: number
  /** Of each node that is down. */
  readonly restart: number
  readonly partition: number
  readonly isolateLeader: number
  readonly heal: number
  readonly clog: number
  readonly clock: number
  readonly diskStall: number
  readonly membership: number
  readonly transfer: number
  readonly relax: number
  readonly report: number
  /** Of the clients' operations. */
  readonly readShare: number
  /** A client waits up to so many ticks between two operations. */
  readonly thinkTicksMax: number
}

const MIXED: Rates = {
  crash: 0.012,
  restart: 0.08,
  partition: 0.015,
  isolateLeader: 0.4,
  heal: 0.06,
  clog: 0.02,
  clock: 0.03,
  diskStall: 0.02,
  membership: 0.025,
  transfer: 0.012,
  relax: 0.01,
  report: 0.03,
  readShare: 0.3,
  thinkTicksMax: 8
}

interface ProfileRules {
  readonly rates: Rates
  /** Without these the profile is not what its name says. */
  readonly always: readonly Fault[]
  readonly never: readonly Fault[]
}

/** Each finds what the others do not come across. */
export const PROFILE_RULES: Readonly<Record<Profile, ProfileRules>> = {
  mixed: { rates: MIXED, always: [], never: [] },
  'config-storm': {
    rates: { ...MIXED, membership: 0.16, crash: 0.015, transfer: 0.02, readShare: 0.15 },
    always: ['membership'],
    never: []
  },
  'crash-storm': {
    rates: {
      ...MIXED,
      crash: 0.08,
      restart: 0.15,
      isolateLeader: 0.8,
      partition: 0.03,
      readShare: 0.1,
      thinkTicksMax: 3
    },
    always: ['crash'],
    never: ['membership']
  },
  'reads-and-clocks': {
    rates: { ...MIXED, readShare: 0.75, clock: 0.12, partition: 0.035, isolateLeader: 0.6, thinkTicksMax: 3 },
    always: ['clock', 'partition'],
    never: []
  },
  'leader-flips': {
    rates: {
      ...MIXED,
      partition: 0.1,
      isolateLeader: 0.9,
      heal: 0.12,
      transfer: 0.03,
      readShare: 0.1,
      thinkTicksMax: 2
    },
    always: ['partition'],
    never: ['crash']
  }
}
