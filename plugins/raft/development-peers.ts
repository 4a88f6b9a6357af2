import type { Member, Membership } from '../../src/consensus/index.js'
import type { PeerAddress } from './transport/peer-connection.js'

export const DEVELOPMENT_PEERS = 'myelin.raft.development-peers'

/** More voters than this make a group slower and no safer. */
const PEERS_MAX = 9
const ITEM = /^([^=\s]+)=(.+):(\d{1,5})$/

export interface DevelopmentPeers {
  readonly addresses: ReadonlyMap<string, PeerAddress>
  /** With which every group begins; the same on every node but for `self`. */
  readonly membership: Membership
}

/** Ids are the positions in the list, so the list has to be the same on every node and may not change. Throws in words. */
export function developmentPeers(
  items: readonly string[],
  own: { readonly name: string; readonly port: number }
): DevelopmentPeers | undefined {
  if (items.length === 0) return undefined
  const addresses = new Map<string, PeerAddress>()
  for (const item of items) add(addresses, item)
  if (addresses.size > PEERS_MAX) refuse(`names ${addresses.size} nodes; at most ${PEERS_MAX} are possible`)
  const found = addresses.get(own.name)
  if (found === undefined) {
    refuse(`does not name this node, which is ${own.name} (axoniq.axonserver.name)`)
  }
  if (found.port !== own.port) {
    refuse(
      `gives port ${found.port} to this node, whose axoniq.axonserver.internal-port is ${own.port}: make them the same`
    )
  }
  return { addresses, membership: membershipOf([...addresses.keys()], own.name) }
}

function add(addresses: Map<string, PeerAddress>, item: string): void {
  const [, name, host, digits] = ITEM.exec(item.trim()) ?? []
  const port = Number(digits)
  if (name === undefined || host === undefined || !(port >= 1 && port <= 65535)) {
    refuse(`has an item "${item}" that is not name=host:port`)
  }
  if (addresses.has(name)) refuse(`names ${name} twice`)
  for (const [other, address] of addresses) {
    if (address.host === host && address.port === port) refuse(`gives ${name} the address of ${other}`)
  }
  addresses.set(name, { host: host.replace(/^\[(.*)\]$/, '$1'), port })
}

function membershipOf(names: readonly string[], own: string): Membership {
  const members: Member[] = names.map((node, i) => ({ id: i + 1, node, role: 'PRIMARY', priority: 0 }))
  return {
    self: names.indexOf(own) + 1,
    conf: {
      voters: members.map(({ id }) => id),
      outgoing: [],
      learners: [],
      learnersNext: [],
      autoLeave: false
    },
    members
  }
}

function refuse(reason: string): never {
  throw new Error(`${DEVELOPMENT_PEERS} ${reason}`)
}
