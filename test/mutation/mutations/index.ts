import type { Mutation } from '../mutation.js'
import { ELECTIONS } from './elections.js'
import { LEADING } from './leading.js'
import { LOG } from './log.js'
import { MEMBERSHIP } from './membership.js'
import { REPLICATION } from './replication.js'
import { TERMS } from './terms.js'

export const MUTATIONS: readonly Mutation[] = [
  ...ELECTIONS,
  ...TERMS,
  ...LEADING,
  ...REPLICATION,
  ...LOG,
  ...MEMBERSHIP
]
