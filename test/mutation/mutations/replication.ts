import { mutationsOf } from '../mutation.js'

const GATED = 'Math.min(quorum, raft.gate.index(id => raft.tracker.progress.get(id)?.match ?? 0))'

export const REPLICATION = [
  ...mutationsOf('replication', [
    [
      'an entry of an old term is committed by counting',
      ' || raft.log.term(quorum) !== raft.term',
      '',
      'R05'
    ],
    ['the gate is not asked', GATED, 'quorum', 'X01'],
    [
      'the term is tested on what the gate has',
      'raft.log.term(quorum) !== raft.term',
      `raft.log.term(${GATED}) !== raft.term`,
      'X01'
    ],
    [
      'a heartbeat tells a commit index that the peer does not have',
      'Math.min(progress.match, raft.log.committed)',
      'raft.log.committed',
      'R01'
    ],
    [
      'the window is not respected',
      'progress.state === ProgressState.replicate && progress.inflights.isFull',
      'false',
      'P08'
    ],
    [
      'a paused peer is sent to',
      'progress === undefined || progress.isPaused',
      'progress === undefined',
      'P02'
    ],
    [
      'a snapshot is sent to a peer that is not there',
      'if (!progress.recentActive) {',
      'if (false) {',
      'S05'
    ],
    ['a snapshot is sent that does not contain the peer', ' || !isMember(snapshot.conf, to)', '', 'S12'],
    [
      'the size of an append is not limited',
      'raft.log.entries(progress.next, messageBytesMax)',
      'raft.log.entries(progress.next, Number.MAX_SAFE_INTEGER)',
      'P07'
    ],
    [
      'the number of entries in an append is not limited',
      'entries.length > messageEntriesMax',
      'false',
      'P12'
    ],
    ['an append carries no commit index', 'append.commit = raft.log.committed;', '', 'R02'],
    [
      'an append does not name the term before it',
      'append.logTerm = previousTerm;',
      'append.logTerm = raft.term;',
      'R10'
    ],
    ['what was sent is not noted', 'progress.sentEntries(entries.length, payloadSize(entries));', '', 'P06'],
    ['the commit index that was told is not noted', 'progress.sentCommitTo(raft.log.committed);', '', 'P'],
    [
      'who waits for entries from disk waits for ever',
      'if (!progress.loading || id === raft.id)',
      'if (true)',
      'D2'
    ],
    [
      'who waits for entries from disk is not remembered',
      'progress.loading = entries === undefined;',
      '',
      'D2'
    ],
    ['a snapshot that was sent is not waited for', 'progress.becomeSnapshot(snapshot.index);', '', 'S01'],
    ['heartbeats carry no read round', 'heartbeat.readSequence = raft.reads.lastSequence;', '', 'Q01'],
    ['empty appends are always sent', 'entries.length === 0 && !sendIfEmpty', 'false', 'P'],
    ['the commit of a change is held back', ' || log.hasUnappliedConfChange', '', 'held commits'],
    ['a commit is never held back', '!options.holdsCommits ||', 'true ||', 'held commits'],
    ['the commit of several entries is held back', 'log.committed === before + 1 && ', '', 'held commits'],
    ['a commit is held back under load', ' && log.committed === log.lastIndex', '', 'held commits'],
    [
      'everybody is told what is committed',
      'id !== raft.id && progress.canBumpCommit(index)',
      'id !== raft.id',
      'held commits'
    ]
  ]),
  ...mutationsOf('gate', [
    ['one member of the gate is enough', 'matches[needed - 1]', 'matches[0]', 'X04'],
    ['all members of the gate are needed', 'matches[needed - 1]', 'matches.at(-1)', 'X04'],
    [
      'a gate with fewer members than required is open',
      'needed <= 0',
      'this.members.length < this.required',
      'X04'
    ]
  ]),
  ...mutationsOf('progress', [
    ['a stale refusal counts in replicate', 'rejected <= this.match', 'false', 'P05'],
    ['a stale refusal counts in probe', 'this.next - 1 !== rejected', 'false', 'P04'],
    [
      'a refusal counts while a snapshot is under way',
      'maybeDecreaseTo(rejected, hint) {\n        if (this.state === ProgressState.snapshot)\n            return false;',
      'maybeDecreaseTo(rejected, hint) {',
      'P05'
    ],
    [
      'after a snapshot its position is forgotten',
      'this.state === ProgressState.snapshot ? this.pendingSnapshot : 0',
      '0',
      'P09'
    ],
    ['the pending snapshot is kept', 'this.pendingSnapshot = 0;', '', 'P09'],
    ['the window is kept when the state changes', 'this.inflights.reset();', '', 'P09'],
    ['probing does not pause', 'this.paused = true;', '', 'P02'],
    ['the next index does not move', 'this.next += count;', '', 'P06'],
    ['a full window does not pause', 'this.paused = this.inflights.isFull;', '', 'P08'],
    ['a refusal goes back one entry at a time', 'Math.min(rejected, hint + 1)', 'rejected', 'P04'],
    [
      'a refusal goes below what is known to match',
      ', this.match + 1);\n            this.paused',
      ', 1);\n            this.paused',
      'P04'
    ],
    ['an acknowledgement takes a newer one back', 'index <= this.match', 'index === this.match', 'P09'],
    [
      'an acknowledgement does not move the next index',
      'this.next = Math.max(this.next, index + 1);',
      '',
      'P09'
    ],
    [
      'replication starts where it was',
      'this.#become(ProgressState.replicate);\n        this.next = this.match + 1;',
      'this.#become(ProgressState.replicate);',
      'P09'
    ],
    ['a snapshot does not move the next index', 'this.next = index + 1;', '', 'P09'],
    [
      'a peer is told what it can not use',
      'commit > this.sentCommit && this.sentCommit < this.next - 1',
      'true',
      'P'
    ],
    [
      'a snapshot does not pause',
      'this.state === ProgressState.snapshot || this.paused',
      'this.paused',
      'S02'
    ]
  ]),
  ...mutationsOf('inflights', [
    ['the bytes of the window are not limited', ' || this.#bytes >= this.bytesMax', '', 'P07'],
    ['the messages of the window are not limited', 'this.count >= this.messagesMax || ', '', 'P08'],
    [
      'an acknowledgement frees one message',
      'while (this.#head < this.#indexes.length && this.#indexes[this.#head] <= index)',
      'if (this.#head < this.#indexes.length && this.#indexes[this.#head] <= index)',
      'P08'
    ],
    [
      'an acknowledgement does not free its own message',
      'this.#indexes[this.#head] <= index',
      'this.#indexes[this.#head] < index',
      'P08'
    ],
    ['freed bytes stay counted', 'this.#bytes -= this.#sizes[this.#head];', '', 'P07']
  ])
]
