import { mutationsOf } from '../mutation.js'

export const TERMS = [
  ...mutationsOf('terms', [
    ['a commit position of a lower term is not heard', 'learnCommit(raft, message);', '', 'vote commit'],
    [
      'votes are heard inside the lease',
      'isVoteRequest(type) && !message.force && hearsLeader(raft)',
      'false',
      'K12'
    ],
    ['a forced vote waits for the lease', '!message.force && hearsLeader(raft)', 'hearsLeader(raft)', 'T03'],
    ['the lease never ends', 'electionElapsed < options.electionTicks', 'true', 'K03'],
    [
      'there is a lease without a known leader',
      'leader !== NONE || (options.leaseReads && term > 0)',
      'true',
      'K04'
    ],
    [
      'a lease does not bind who has lost its leader',
      'leader !== NONE || (options.leaseReads && term > 0)',
      'leader !== NONE',
      'Q11'
    ],
    ['there is a lease without check-quorum', 'return options.checkQuorum && ', 'return ', 'K12'],
    ['a fresh node waits for leases', ' && term > 0', '', 'Q11'],
    [
      'a pre-vote changes the term',
      'type === MessageType.preVote || (type === MessageType.preVoteResponse && !message.reject)',
      'type === MessageType.preVoteResponse && !message.reject',
      'E17'
    ],
    [
      'consent to a pre-vote changes the term',
      'type === MessageType.preVote || (type === MessageType.preVoteResponse && !message.reject)',
      'type === MessageType.preVote',
      'E14'
    ],
    [
      'the denial of a pre-vote does not change the term',
      '(type === MessageType.preVoteResponse && !message.reject)',
      'type === MessageType.preVoteResponse',
      'E26'
    ],
    ['whoever has a higher term is taken for the leader', 'isFromLeader ? from : NONE', 'from', 'E19'],
    ['a leader of a lower term is not answered', '(checkQuorum || preVote) && (', 'false && (', 'K05'],
    [
      'a pre-vote of a lower term is not answered',
      'else if (type === MessageType.preVote) {',
      'else if (false) {',
      'E26'
    ],
    ['the denial of an old pre-vote does not say so', 'denial.reject = true;', '', 'E26'],
    [
      'a write of an earlier term counts',
      '// Written by a batch of an earlier term: meanwhile other entries may stand there.',
      'raft.log.stableTo(message.index, message.logTerm);',
      'L08'
    ]
  ]),
  ...mutationsOf('ticks', [
    [
      'the timeout is always the shortest',
      'Math.floor(random() * (electionTicksMax - electionTicks + 1))',
      '0',
      'E07'
    ],
    [
      'the longest timeout is never drawn',
      'electionTicksMax - electionTicks + 1)',
      'electionTicksMax - electionTicks)',
      'E07'
    ],
    ['a transfer is never given up', 'raft.electionElapsed >= options.electionTicks', 'false', 'T08'],
    ['the quorum is never checked', 'raft.quorumElapsed >= options.checkQuorumTicks', 'false', 'K02'],
    ['check-quorum can not be switched off', 'if (options.checkQuorum)', 'if (true)', 'K02'],
    ['heartbeats are never due', 'raft.heartbeatElapsed < options.heartbeatTicks', 'true', 'R01'],
    ['a tick of the leader does not age its lease', 'raft.lease.tick();', '', 'Q11']
  ]),
  ...mutationsOf('storage-responses', [
    [
      'applied bytes stay uncommitted',
      'Math.max(0, raft.uncommittedBytes - payloadSize(entries))',
      'raft.uncommittedBytes',
      'P11'
    ],
    [
      'an installed snapshot does not count as applied',
      'raft.log.stableSnapshotTo(index);\n    raft.appliedTo(index, 0);',
      'raft.log.stableSnapshotTo(index);',
      'S08'
    ]
  ]),
  ...mutationsOf('restore', [
    ['a restart forgets what the state contains', 'Math.max(hard.commit, applied)', 'hard.commit', 'L13'],
    ['a restart forgets the vote', 'raft.vote = hard.vote;', '', 'E03'],
    ['a restart forgets the term', 'raft.term = hard.term;', '', 'E03']
  ]),
  ...mutationsOf('raft', [
    [
      'messages of lower terms are handled',
      'else if (message.term !== 0 && message.term < this.term) {',
      'else if (false) {',
      'E02'
    ],
    [
      'the timeout is drawn once',
      'this.quorumElapsed = 0;\n        this.randomizedElectionTimeout = drawElectionTimeout(this.options);',
      'this.quorumElapsed = 0;',
      'E09'
    ],
    [
      'a pre-candidate keeps its timeout',
      'this.role = Role.preCandidate;\n        this.randomizedElectionTimeout = drawElectionTimeout(this.options);',
      'this.role = Role.preCandidate;',
      'E09'
    ],
    [
      'a pre-candidate keeps its leader',
      'this.leader = NONE;\n        this.role = Role.preCandidate;',
      'this.role = Role.preCandidate;',
      'K09'
    ],
    [
      'a pre-candidate takes its vote back',
      'this.role = Role.preCandidate;',
      'this.role = Role.preCandidate;\n        this.vote = NONE;',
      'canonical/raft 196'
    ],
    [
      'a transfer goes on after the step-down',
      'this.abortTransfer();\n        this.tracker.resetVotes();',
      'this.tracker.resetVotes();',
      'T10'
    ],
    [
      'the votes of an earlier campaign count',
      'this.abortTransfer();\n        this.tracker.resetVotes();',
      'this.abortTransfer();',
      'E22'
    ],
    [
      'the pre-votes of an earlier campaign count',
      "'invalid transition [leader -> pre-candidate]');\n        this.tracker.resetVotes();",
      "'invalid transition [leader -> pre-candidate]');",
      'E'
    ],
    [
      'a vote binds in later terms',
      'this.term = term;\n            this.vote = NONE;',
      'this.term = term;',
      'E17'
    ],
    ['progress is kept over terms', 'this.tracker.resetProgress(this.log.lastIndex, this.id);', '', 'R05'],
    ['waiting reads are kept over terms', 'this.reads = new ReadQueue();', '', 'Q08'],
    ['early reads are kept over terms', 'this.earlyReads = [];', '', 'Q08'],
    [
      'a new leader does not wait for the changes in its log',
      'this.pendingConfIndex = this.log.lastIndex;',
      '',
      'C04'
    ],
    [
      'uncommitted bytes of an earlier term count',
      'this.pendingConfIndex = 0;\n        this.uncommittedBytes = 0;',
      'this.pendingConfIndex = 0;',
      'P11'
    ],
    [
      'a new leader adds no entry',
      "invariant(this.appendEntries([empty]), 'empty entry was dropped');",
      '',
      'R06'
    ],
    [
      'the own acknowledgement counts before it is on disk',
      'this.send(own);',
      'this.tracker.progress.get(this.id).maybeUpdate(index);',
      'P01'
    ],
    [
      'uncommitted bytes are not limited',
      'if (this.uncommittedBytes > 0 && bytes > 0 && isOver)',
      'if (false)',
      'P11'
    ],
    [
      'a large proposal is never taken',
      'if (this.uncommittedBytes > 0 && bytes > 0 && isOver)',
      'if (bytes > 0 && isOver)',
      'P11'
    ],
    [
      'empty entries are refused at the limit',
      'if (this.uncommittedBytes > 0 && bytes > 0 && isOver)',
      'if (this.uncommittedBytes > 0 && isOver)',
      'P11'
    ],
    ['who waits for a snapshot campaigns', ' && !this.log.hasPendingSnapshot', '', 'E33'],
    ['a learner campaigns', 'own !== undefined && !own.isLearner', 'own !== undefined', 'E30'],
    [
      'answers to others leave before the disk has what they promise',
      'isAfterAppend(type) || (',
      '(isAfterAppend(type) && message.to === this.id) || (',
      'E12'
    ],
    [
      'votes are asked for before the own one is on disk',
      'type === MessageType.vote && this.options.votesAfterAppend',
      'false',
      'E12'
    ],
    [
      'a forwarded read carries the term',
      'type !== MessageType.propose && type !== MessageType.readIndex',
      'type !== MessageType.propose',
      'Q07'
    ],
    [
      'a forwarded proposal carries the term',
      'type !== MessageType.propose && type !== MessageType.readIndex',
      'type !== MessageType.readIndex',
      'R'
    ],
    ['a candidate does not vote for itself', 'this.vote = this.id;', '', 'E04'],
    ['a lease is kept over terms', 'this.lease = new Lease(this.options.electionTicks);', '', 'Q12']
  ]),
  ...mutationsOf('majority', [
    ['half is a majority', 'Math.floor(voters / 2) + 1', 'Math.ceil(voters / 2)', 'E05'],
    [
      'an election is lost while it still can be won',
      'granted + missing >= needed',
      'granted + missing > needed',
      'E05'
    ],
    [
      'whoever is not known has everything',
      'acknowledged(id) ?? 0',
      'acknowledged(id) ?? Number.MAX_SAFE_INTEGER',
      'C08'
    ]
  ]),
  ...mutationsOf('joint', [
    [
      'a joint commit needs only the new half',
      'majorityCommitted(outgoing, acknowledged)',
      'Number.MAX_SAFE_INTEGER',
      'C09'
    ],
    [
      'a joint commit needs only the old half',
      'majorityCommitted(incoming, acknowledged)',
      '(outgoing.size > 0 ? Number.MAX_SAFE_INTEGER : majorityCommitted(incoming, acknowledged))',
      'C09'
    ],
    [
      'a joint commit needs either half',
      'Math.min(majorityCommitted(incoming, acknowledged), majorityCommitted(outgoing, acknowledged))',
      '(outgoing.size > 0 ? Math.max(majorityCommitted(incoming, acknowledged), majorityCommitted(outgoing, acknowledged)) : majorityCommitted(incoming, acknowledged))',
      'C09'
    ],
    ['a joint election needs only the new half', 'majorityVote(outgoing, votes)', 'first', 'C09'],
    [
      'a joint election is lost only by both halves',
      'first === VoteResult.lost || second === VoteResult.lost',
      'first === VoteResult.lost && second === VoteResult.lost',
      'E05'
    ]
  ]),
  ...mutationsOf('tracker', [
    ['the last answer of a voter counts', '!this.#votes.has(id)', 'true', 'E05'],
    ['votes are never cleared', 'this.#votes.clear();', '', 'E22'],
    [
      'a joint configuration with one new voter is a single voter',
      'this.config.voters.size === 1 && !this.config.isJoint',
      'this.config.voters.size === 1',
      'Q02'
    ]
  ])
]
