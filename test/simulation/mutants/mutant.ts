import type { NodeHooks } from '../node/hooks.js'
import type { Storage } from '../node/node-config.js'
import type { Profile } from '../world/profiles.js'

/** A fault planted between the product and a port that it stands on: the simulator must find it. */
export interface Mutant {
  readonly name: string
  readonly words: string
  readonly storage: Storage
  readonly profile: Profile
  hooks(): NodeHooks
}
