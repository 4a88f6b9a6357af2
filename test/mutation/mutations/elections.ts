import { mutationsOf } from '../mutation.js'

export const ELECTIONS = [
  ...mutationsOf('election', [
    [
      'a vote is granted although a leader is known in this term',
      '(raft.vote === NONE && raft.leader === NONE)',
      'raft.vote === NONE',
      'E12'
    ],
    ['a vote is granted although another one was given', 'raft.vote === from ||', 'true ||', 'E06'],
    [
      'the pre-vote of a later term is bound by the vote of this one',
      '(isPreVote && term > raft.term)',
      'false',
      'E12'
    ],
    [
      'a vote is granted to a log that is behind',
      'isFree && raft.log.isUpToDate(index, logTerm)',
      'isFree',
      'E13'
    ],
    ['a pre-vote is recorded like a vote', 'if (!isPreVote) {', 'if (true) {', 'E17'],
    ['a granted vote does not put the own election off', 'raft.electionElapsed = 0;', '', 'E10'],
    ['a granted vote is not recorded', 'raft.vote = from;', '', 'E06'],
    [
      'consent to a pre-vote speaks of the own term',
      'response.term = term;',
      'response.term = raft.term;',
      'E17'
    ],
    ['a denial speaks of the asked term', 'response.term = raft.term;', 'response.term = term;', 'E12'],
    [
      'a committed change that is not applied does not keep from campaigning',
      'if (raft.log.hasUnappliedConfChange) {',
      'if (false) {',
      'E32'
    ],
    ['who is no voter campaigns', 'if (!raft.isPromotable) {', 'if (false) {', 'E30'],
    ['a leader campaigns', 'if (raft.role === Role.leader) {', 'if (false) {', 'E29'],
    [
      'a transfer does not force votes',
      "request.force = campaign === 'transfer';",
      'request.force = false;',
      'T03'
    ],
    [
      'every campaign forces votes',
      "request.force = campaign === 'transfer';",
      'request.force = true;',
      'T04'
    ],
    ['a pre-vote asks at the own term', 'isPreElection ? raft.term + 1 : raft.term', 'raft.term', 'E14'],
    [
      'the own vote counts before it is on disk',
      'vote.term = term;\n    raft.send(vote);',
      'raft.tracker.recordVote(raft.id, true);',
      'E22'
    ],
    ['a lost election is not given up', 'if (result === VoteResult.lost)', 'if (false)', 'E05'],
    [
      'a pre-candidate leads without an election',
      'if (raft.role === Role.preCandidate) {',
      'if (false) {',
      'E14'
    ],
    [
      'a denial counts as consent',
      'raft.tracker.recordVote(from, !reject)',
      'raft.tracker.recordVote(from, true)',
      'E05'
    ],
    [
      'only the votes of others are asked for',
      'if (id === raft.id)\n            voteForSelf(raft, isPreElection, term);',
      'if (id === raft.id)\n            continue;',
      'E04'
    ],
    [
      'a candidate that learned of a change by a denial campaigns on',
      'if (raft.role !== Role.candidate && raft.role !== Role.preCandidate)\n            return;',
      '',
      'vote commit'
    ]
  ]),
  ...mutationsOf('vote-commit', [
    ['votes carry no commit position', 'if (!raft.options.commitInVotes)', 'if (true)', 'C15'],
    [
      'a commit position is believed without the entry',
      '!log.matches(voteCommit, voteCommitTerm)',
      'false',
      'vote commit'
    ],
    [
      'a candidate that learns of a change goes on',
      'isCampaigning && log.hasUnappliedConfChange',
      'false',
      'vote commit'
    ]
  ]),
  ...mutationsOf('role/candidate', [
    [
      'answers to a pre-vote count for the vote',
      'case awaited:',
      'case MessageType.preVoteResponse:\n        case MessageType.voteResponse:',
      'E22'
    ],
    [
      'a candidate does not follow the append of its term',
      'case MessageType.append:\n            raft.becomeFollower(message.term, message.from);',
      'case MessageType.append:',
      'E11'
    ],
    [
      'a candidate does not follow the heartbeat of its term',
      'case MessageType.heartbeat:\n            raft.becomeFollower(message.term, message.from);',
      'case MessageType.heartbeat:',
      'E11'
    ],
    [
      'a candidate takes proposals without a word',
      "return 'dropped';\n        case MessageType.append:",
      'return undefined;\n        case MessageType.append:',
      'R18'
    ]
  ]),
  ...mutationsOf('role/follower', [
    ['the leader is not remembered', 'raft.leader = from;', '', 'K06'],
    ['the leader does not put the election off', 'raft.electionElapsed = 0;', '', 'E10'],
    [
      'the call to campaign starts a pre-election',
      "hup(raft, 'transfer')",
      "hup(raft, 'preElection')",
      'T04'
    ],
    ['the call to campaign does not force', "hup(raft, 'transfer')", "hup(raft, 'election')", 'T03'],
    ['proposals are forwarded although that is off', '!raft.options.proposalForwarding', 'false', 'R18'],
    [
      'the leader is forgotten although leases are in use',
      'if (raft.options.leaseReads) {',
      'if (false) {',
      'Q06'
    ],
    ['the leader is not forgotten', 'raft.leader = NONE;', '', 'Q06'],
    ['an append below the commit index is checked again', 'append.index < log.committed', 'false', 'R08'],
    [
      'a refusal does not say where the logs may agree',
      'response.hint = hint.index;',
      'response.hint = append.index;',
      'R11'
    ],
    ['a refusal does not say the term of its hint', 'response.logTerm = hint.term;', '', 'R11'],
    ['a refused append is acknowledged', 'response.reject = true;', '', 'R08'],
    ['the commit index of a heartbeat is not taken', 'raft.log.commitTo(commit);', '', 'R16'],
    ['the number of the read round is not returned', 'response.readSequence = readSequence;', '', 'Q05'],
    [
      'a refused snapshot is acknowledged up to the last index',
      'isRestored ? raft.log.lastIndex : raft.log.committed',
      'raft.log.lastIndex',
      'S08'
    ]
  ])
]
