import { MessageType } from './message.js'
import { Role } from './types.js'

const MESSAGE_NAMES: readonly string[] = (() => {
  const names: string[] = []
  const special: Record<string, string> = {
    propose: 'Prop',
    append: 'App',
    appendResponse: 'AppResp',
    voteResponse: 'VoteResp',
    snapshot: 'Snap',
    heartbeatResponse: 'HeartbeatResp',
    snapshotStatus: 'SnapStatus',
    readIndexResponse: 'ReadIndexResp',
    preVoteResponse: 'PreVoteResp',
    storageAppendResponse: 'StorageAppendResp',
    storageApplyResponse: 'StorageApplyResp'
  }
  for (const [key, type] of Object.entries(MessageType))
    names[type] = `Msg${special[key] ?? key[0]!.toUpperCase() + key.slice(1)}`
  return names
})()

const ROLE_NAMES: Record<Role, string> = {
  [Role.follower]: 'StateFollower',
  [Role.candidate]: 'StateCandidate',
  [Role.leader]: 'StateLeader',
  [Role.preCandidate]: 'StatePreCandidate'
}

/** The names of Raft's customary library, in which logs are read and compared. */
export function messageName(type: MessageType): string {
  return MESSAGE_NAMES[type] ?? `Msg${type}`
}

export function roleName(role: Role): string {
  return ROLE_NAMES[role]
}
