import type { Consensus, ConsensusMetrics, GroupStatus } from '../../src/consensus/index.js'
import type { Measurement, MetricsSource } from '../../src/kernel/index.js'
import type { RaftNode } from './raft-node.js'
import type { PeerStats } from './transport/peer-transport.js'

const ROLES = ['follower', 'candidate', 'leader', 'preCandidate', 'fatal', 'removed']

const COUNTERS: readonly (readonly [keyof ConsensusMetrics, string, string])[] = [
  ['proposals', 'proposals', 'Entries proposed on this node'],
  ['refusedProposals', 'proposals.refused', 'Proposals that were refused at once'],
  ['appliedEntries', 'applied', 'Entries applied'],
  ['leaderChanges', 'leader.changes', 'Changes of leader seen'],
  ['commitNotices', 'commit.notices', 'Messages that told another node nothing but what is committed'],
  ['failedGroups', 'groups.failed', 'Groups that have stopped on this node'],
  ['droppedMessages', 'messages.dropped', 'Messages of other nodes that found no room'],
  ['misdirectedMessages', 'messages.misdirected', 'Messages for groups or members that are not here'],
  ['missedTicks', 'ticks.missed', 'Ticks left out because the process stood still'],
  ['stalls', 'stalls', 'Times that the process stood still'],
  ['transfersStarted', 'transfers', 'Leaderships that were to be handed over'],
  ['transfersFailed', 'transfers.failed', 'Leaderships that were not handed over'],
  ['digestMismatches', 'digest.mismatches', 'States that differed from the leader’s']
]

/** Figures per replication group, per other node, and of the whole process. */
export function raftMetrics({ consensus, transport }: RaftNode): MetricsSource {
  return {
    *measurements() {
      for (const group of consensus.groups()) {
        const status = consensus.status(group)
        if (status !== undefined) yield* groupMeasurements(status)
      }
      for (const peer of transport.peers) yield* peerMeasurements(peer)
      for (const [field, name, description] of COUNTERS) {
        yield counter(name, description, consensus.metrics[field] as number)
      }
      const { frames, messages, bytes, refused } = transport.inbound
      yield counter('received.frames', 'Frames of other nodes', frames)
      yield counter('received.messages', 'Messages of other nodes', messages)
      yield { ...counter('received.bytes', 'Bytes of other nodes', bytes), unit: 'bytes' }
      yield counter('received.refused', 'Streams of other nodes that were refused', refused)
      yield* transferMeasurements(consensus.transfers.stats)
      const { queuedBytes } = consensus
      yield { ...gauge('proposals.queued', 'Proposals without an answer', queuedBytes), unit: 'bytes' }
    }
  }
}

function* groupMeasurements(status: GroupStatus): Generator<Measurement> {
  const tags = { group: String(status.group) }
  yield gauge(
    'role',
    `Role: ${ROLES.map((role, i) => `${i} ${role}`).join(', ')}`,
    ROLES.indexOf(status.role),
    tags
  )
  yield gauge('term', 'Term', status.term, tags)
  yield gauge('commit', 'Index of the last committed entry', status.commit, tags)
  yield gauge('applied.index', 'Index of the last applied entry', status.applied, tags)
  yield gauge('proposals.pending', 'Proposals without an answer', status.pendingProposals, tags)
  for (const { id, node = String(id), match } of status.peers) {
    yield gauge('lag', 'Entries that another member does not hold yet', status.last - match, {
      ...tags,
      node
    })
  }
}

function* transferMeasurements(stats: Consensus['transfers']['stats']): Generator<Measurement> {
  const { sending, receiving, sentBytes, receivedBytes, completed, failures } = stats
  yield gauge('states.sending', 'States under way to other nodes', sending)
  yield gauge('states.receiving', 'States under way to this node', receiving)
  yield { ...counter('states.sent.bytes', 'Bytes of states sent', sentBytes), unit: 'bytes' }
  yield { ...counter('states.received.bytes', 'Bytes of states received', receivedBytes), unit: 'bytes' }
  yield counter('states.completed', 'States that have arrived', completed)
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
  yield counter('states.failed', 'Transfers of states that broke off', failed)
}

function* peerMeasurements(peer: PeerStats): Generator<Measurement> {
  const tags = { node: peer.node }
  yield gauge('peer.connected', '1: connected to the other node', peer.connected ? 1 : 0, tags)
  yield {
    ...gauge('peer.queued', 'Bytes that wait for the other node', peer.queuedBytes, tags),
    unit: 'bytes'
  }
  yield counter('peer.dropped', 'Messages that were not sent', peer.dropped, tags)
  yield counter('peer.frames', 'Frames sent', peer.frames, tags)
  yield counter('peer.messages', 'Messages sent', peer.messages, tags)
  yield { ...counter('peer.bytes', 'Bytes sent', peer.bytes, tags), unit: 'bytes' }
  yield counter('peer.connects', 'Connections made', peer.connects, tags)
  yield counter('peer.losses', 'Connections lost', peer.losses, tags)
}

function gauge(
  name: string,
  description: string,
  value: number,
  tags: Measurement['tags'] = {}
): Measurement {
  return { name: `myelin.raft.${name}`, kind: 'gauge', description, value, tags }
}

function counter(
  name: string,
  description: string,
  value: number,
  tags: Measurement['tags'] = {}
): Measurement {
  return { name: `myelin.raft.${name}`, kind: 'counter', description, value, tags }
}
