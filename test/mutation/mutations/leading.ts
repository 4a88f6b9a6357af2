import { mutationsOf } from '../mutation.js'

export const LEADING = [
  ...mutationsOf('role/leader', [
    ['proposals are taken during a transfer', 'if (raft.leadTransferee !== NONE) {', 'if (false) {', 'T09'],
    ['who answered once counts as active for ever', 'progress.recentActive = false;', '', 'K02'],
    ['a leader without a quorum goes on', '!raft.tracker.quorumActive()', 'false', 'K02'],
    [
      'an append response does not show that a peer is there',
      'progress.recentActive = true;\n    if (response.reject)',
      'if (response.reject)',
      'K01'
    ],
    [
      'a heartbeat response does not show that a peer is there',
      'progress.recentActive = true;\n    progress.paused = false;',
      'progress.paused = false;',
      'K01'
    ],
    ['a heartbeat response does not end the pause', 'progress.paused = false;', '', 'P03'],
    [
      'a heartbeat response does not find lost appends',
      'progress.match < raft.log.lastIndex || progress.state === ProgressState.probe',
      'false',
      'R16'
    ],
    ['a removed leader takes proposals', '!raft.tracker.progress.has(raft.id)', 'false', 'C'],
    ['a second change is taken while one waits', 'raft.pendingConfIndex > raft.log.applied', 'false', 'C03'],
    ['a joint configuration takes another change', 'if (isJoint && !isLeave)', 'if (false)', 'C03'],
    ['a configuration that is not joint is left', 'if (!isJoint && isLeave)', 'if (false)', 'C03'],
    [
      'a proposed change is not remembered',
      'raft.pendingConfIndex = raft.log.lastIndex + position + 1;',
      '',
      'C02'
    ],
    ['a dropped change is waited for', 'raft.pendingConfIndex = pendingBefore;', '', 'C02'],
    ['changes are not checked', 'refusal === undefined || !raft.options.validateConfChanges', 'true', 'C03'],
    [
      'a proposal is not sent at once',
      'broadcastAppend(raft);\n    return undefined;',
      'return undefined;',
      'R02'
    ],
    [
      'a refusal in replicate does not lead to probing',
      'progress.becomeProbe();\n    sendAppend(raft, from);',
      'void 0;\n    sendAppend(raft, from);',
      'P05'
    ],
    [
      'the term of a hint is not used',
      'logTerm > 0 ? raft.log.findConflictByTerm(hint, logTerm).index : hint',
      'hint',
      'R11'
    ],
    [
      'a refusal is answered only at the next heartbeat',
      'progress.becomeProbe();\n    sendAppend(raft, from);',
      'progress.becomeProbe();',
      'P04'
    ],
    [
      'an acknowledgement of what was known does not end probing',
      '!isNews && !(progress.match === index && progress.state === ProgressState.probe)',
      '!isNews',
      'P04'
    ],
    [
      'an old acknowledgement has effects',
      '!isNews && !(progress.match === index && progress.state === ProgressState.probe)',
      'false',
      'P08'
    ],
    ['an acknowledgement does not free the window', 'progress.inflights.freeTo(index);', '', 'P08'],
    [
      'an acknowledgement does not end probing',
      'if (progress.state === ProgressState.probe)\n        progress.becomeReplicate();\n    else if',
      'if',
      'P04'
    ],
    [
      'an acknowledgement does not end the wait for a snapshot',
      'progress.match + 1 >= raft.log.firstIndex',
      'false',
      'S06'
    ],
    [
      'the wait for a snapshot ends while entries are missing',
      'progress.match + 1 >= raft.log.firstIndex',
      'true',
      'S07'
    ],
    [
      'a follower behind the commit index is not told',
      'isOther && !raft.options.holdsCommits && progress.canBumpCommit(raft.log.committed)',
      'false',
      'R03'
    ],
    [
      'a new commit index is not told',
      'releaseEarlyReads(raft);\n        announceCommit(raft, before);',
      'releaseEarlyReads(raft);',
      'R03'
    ],
    [
      'who answers late is told a held commit',
      'isOther && !raft.options.holdsCommits &&',
      'isOther &&',
      'held commits'
    ],
    ['an acknowledgement brings no more entries', 'sendAllAppends(raft, from);', '', 'P08'],
    ['who has caught up is not called to campaign', 'checkTransfer(raft, from, progress);', '', 'T05'],
    ['a failed snapshot keeps its pending index', 'progress.pendingSnapshot = 0;', '', 'S04'],
    ['after a snapshot nobody waits for its acknowledgement', 'progress.paused = true;', '', 'S03'],
    ['a snapshot report counts at any time', 'progress.state !== ProgressState.snapshot', 'false', 'S03'],
    [
      'a failed snapshot is not followed by probing',
      'progress.becomeProbe();\n    const outcome',
      'const outcome',
      'S04'
    ],
    ['early reads are never released', 'releaseEarlyReads(raft);', '', 'Q03'],
    [
      'an unreachable peer is sent to as before',
      '// What was sent optimistically is probably lost.\n    if (progress.state === ProgressState.replicate)',
      'if (false)',
      'P10'
    ],
    [
      'only peers with progress are heard, and any of them',
      'const progress = raft.tracker.progress.get(message.from);',
      'const progress = raft.tracker.progress.get(raft.id);',
      'R03'
    ]
  ]),
  ...mutationsOf('role/transfer', [
    ['leadership goes to a learner', 'if (progress.isLearner) {', 'if (false) {', 'T12'],
    ['leadership goes to somebody who is not there', 'if (!progress.recentActive) {', 'if (false) {', 'T07'],
    [
      'the target is called before it has everything',
      'if (progress.match === raft.log.lastIndex) {',
      'if (true) {',
      'T05'
    ],
    [
      'the target is called at its next acknowledgement',
      'from !== raft.leadTransferee || progress.match !== raft.log.lastIndex',
      'from !== raft.leadTransferee',
      'T05'
    ],
    [
      'whoever has everything is called',
      'from !== raft.leadTransferee || progress.match !== raft.log.lastIndex',
      'raft.leadTransferee === NONE || progress.match !== raft.log.lastIndex',
      'T05'
    ],
    ['the target is not sent what it lacks', 'sendAppend(raft, target);', '', 'T05'],
    ['the time of a transfer began before it', 'raft.electionElapsed = 0;', '', 'T08'],
    ['asking again extends the time', 'if (previous === target) {', 'if (false) {', 'T08'],
    ['a transfer to itself', 'if (target === raft.id) {', 'if (false) {', 'T07'],
    ['a request for the leader itself does not end a transfer', 'raft.abortTransfer();', '', 'T13'],
    ['a transfer leaves the lease', 'raft.lease.end();', '', 'Q12']
  ]),
  ...mutationsOf('reads', [
    [
      'a read is confirmed by one answer',
      'raft.reads.take(confirmedSequence(raft))',
      'raft.reads.take(Number.MAX_SAFE_INTEGER)',
      'Q04'
    ],
    ['a read does not wait for a commit of the term', 'if (!raft.hasCommittedInTerm)', 'if (false)', 'Q03'],
    ['waiting reads are not limited', '>= raft.options.waitingReadsMax', '>= Number.MAX_SAFE_INTEGER', 'Q08'],
    [
      'only confirmed reads are limited',
      'raft.earlyReads.length + raft.reads.length',
      'raft.reads.length',
      'Q08'
    ],
    [
      'the own confirmation is missing',
      'id === raft.id ? raft.reads.lastSequence : raft.reads.confirmedBy(id)',
      'raft.reads.confirmedBy(id)',
      'Q04'
    ],
    [
      'a read is not confirmed by a round of its own',
      'raft.reads.add(committed, requester, context);\n    broadcastHeartbeat(raft);',
      'raft.reads.add(committed, requester, context);',
      'Q01'
    ],
    [
      'a read is answered without a lease',
      'raft.options.leaseReads && raft.lease.holds(confirmedSequence(raft))',
      'true',
      'Q04'
    ],
    [
      'a lease is taken for granted',
      'raft.options.leaseReads && raft.lease.holds(confirmedSequence(raft))',
      'raft.options.leaseReads',
      'Q06'
    ],
    [
      'rounds count for leases only while reads wait',
      'raft.reads.length === 0 && !raft.options.leaseReads',
      'raft.reads.length === 0',
      'Q06'
    ],
    ['the answer does not say which read', 'response.context = context;', '', 'Q01'],
    ['the answer to another node gives no position', 'response.index = index;', '', 'Q01']
  ]),
  ...mutationsOf('read-queue', [
    [
      'an answer confirms the read after the one it saw',
      'this.#requests[count].sequence <= sequence',
      'this.#requests[count].sequence <= sequence + 1',
      'Q04'
    ],
    [
      'an answer does not confirm the read that it saw',
      'this.#requests[count].sequence <= sequence',
      'this.#requests[count].sequence < sequence',
      'Q04'
    ],
    ['a delayed answer takes a newer one back', 'sequence > this.confirmedBy(peer)', 'true', 'Q05']
  ]),
  ...mutationsOf('lease', [
    ['a lease holds without a confirmed round', 'sequence <= confirmed', 'true', 'Q06'],
    [
      'a lease counts from the last round of a tick',
      'this.#rounds.at(-1)?.sentAt !== this.#now',
      'true',
      'equivalent'
    ],
    ['a lease never ends', 'this.#now - sentAt <= this.electionTicks - MARGIN_TICKS', 'true', 'Q11'],
    [
      'a lease lasts as long as the shortest timeout',
      'const MARGIN_TICKS = 3',
      'const MARGIN_TICKS = 0',
      'Q11'
    ],
    [
      'rounds from before a stall count',
      'forgetRounds() {\n        this.#rounds = [];',
      'forgetRounds() {',
      'Q11'
    ]
  ])
]
