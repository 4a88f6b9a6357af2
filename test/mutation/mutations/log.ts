import { mutationsOf } from '../mutation.js'

export const LOG = [
  ...mutationsOf('log', [
    [
      'a shorter log is up to date',
      '(lastTerm === own && lastIndex >= this.lastIndex)',
      'lastTerm === own',
      'E13'
    ],
    [
      'a longer log of an older term is up to date',
      '(lastTerm === own && lastIndex >= this.lastIndex)',
      'lastIndex >= this.lastIndex',
      'E13'
    ],
    ['a later term is not up to date by itself', 'lastTerm > own || ', '', 'E13'],
    [
      'a follower commits beyond the last new entry',
      'Math.min(committed, lastNew)',
      'Math.min(committed, this.lastIndex)',
      'R07'
    ],
    ['every append truncates', 'if (this.matches(index, term))\n                continue;', '', 'R09'],
    [
      'appending below the commit index is allowed',
      'invariant(first.index > this.committed,',
      'invariant(true,',
      'R07'
    ],
    ['an append leaves a gap', '!this.matches(prev.index, prev.term)', 'false', 'R08'],
    ['a hint passes over the entries of its own term', 'if (own <= term)', 'if (own < term)', 'R11'],
    ['a hint does not jump', 'if (own <= term)', 'if (true)', 'R11'],
    [
      'the commit index goes back',
      'commitTo(index) {\n        if (index <= this.committed)',
      'commitTo(index) {\n        if (index === this.committed)',
      'R07'
    ],
    [
      'the commit index goes beyond the log',
      'invariant(index <= this.lastIndex, () => {\n            return `tocommit',
      'invariant(true, () => {\n            return `tocommit',
      'R07'
    ],
    ['changes in the log are not noted', 'this.#noteConfChanges(entries);', '', 'E32'],
    ['truncated changes stay noted', 'this.confIndexes.at(-1) >= first', 'false', 'L'],
    ['applied changes stay noted', 'this.confIndexes[0] <= index', 'false', 'E32'],
    [
      'a change that is not committed keeps from campaigning',
      'first !== undefined && first <= this.committed',
      'first !== undefined',
      'E32'
    ],
    [
      'entries that are not on the own disk are applied',
      'allowUnstable ? this.committed : Math.min(this.committed, this.stableIndex)',
      'this.committed',
      'L03'
    ],
    ['entries are applied before the snapshot', ' || this.hasPendingSnapshot', '', 'L03'],
    [
      'entries are applied while they are loaded',
      'this.#applyPaused || this.#applyLoading ||',
      'this.#applyPaused ||',
      'D2'
    ],
    [
      'what is being applied is not limited',
      'this.options.applyBytesMax - this.#applyingBytes',
      'Number.MAX_SAFE_INTEGER',
      'L04'
    ],
    [
      'applying never pauses',
      'this.#applyPaused =\n            this.#applyingBytes >= this.options.applyBytesMax || index < this.appliableIndex(allowUnstable);',
      '',
      'L04'
    ],
    ['applying pauses only at the limit', ' || index < this.appliableIndex(allowUnstable)', '', 'L04'],
    [
      'applying pauses for ever',
      'this.#applyPaused = this.#applyingBytes >= this.options.applyBytesMax;',
      '',
      'L04'
    ],
    ['applied bytes stay counted', 'Math.max(0, this.#applyingBytes - bytes)', 'this.#applyingBytes', 'L04'],
    ['a restored log keeps its commit index', 'this.committed = snapshot.index;', '', 'S08'],
    ['a read crosses from disk to memory over a gap', ' || stored.length < offset - from', '', 'L01'],
    ['the apply cursor stays behind a snapshot', 'this.applying = Math.max(this.applying, index);', '', 'L04']
  ]),
  ...mutationsOf('unstable', [
    ['the write of an entry that was replaced counts', 'if (own !== term) {', 'if (false) {', 'L05'],
    [
      'truncation keeps the in-progress mark',
      'this.offsetInProgress = Math.min(this.offsetInProgress, first);',
      '',
      'L09'
    ],
    ['entries are handed out again', 'this.offsetInProgress = this.offset + this.entries.length;', '', 'L06'],
    ['a snapshot is handed out again', 'this.snapshotInProgress = true;', '', 'L06'],
    ['replaced entries keep their place', 'this.offset = first;', '', 'L09'],
    ['replaced entries keep their in-progress mark', 'this.offsetInProgress = first;', '', 'L09'],
    [
      'any snapshot that is installed counts',
      'this.snapshot?.index !== index',
      'this.snapshot === undefined',
      'L05'
    ],
    [
      'a restored log keeps entries',
      'this.entries = [];\n        this.snapshot = snapshot;',
      'this.snapshot = snapshot;',
      'L07'
    ],
    [
      'a restored log keeps the in-progress mark',
      'this.snapshotInProgress = false;\n    }\n    /** Entries from',
      '}\n    /** Entries from',
      'L07'
    ],
    [
      'a confirmed write drops everything',
      'this.entries = this.entries.slice(index + 1 - this.offset);',
      'this.entries = [];',
      'L05'
    ],
    [
      'the term of the snapshot is not known',
      'this.snapshot?.index === index ? this.snapshot.term : undefined',
      'undefined',
      'L01'
    ]
  ]),
  ...mutationsOf('raw-node', [
    [
      'answers of strangers are heard',
      'isResponse(type) && !isFromStorage && !this.raft.tracker.progress.has(from)',
      'false',
      'R19'
    ],
    ['local messages are taken from the network', 'isLocal(type) && !isFromStorage', 'false', 'R19'],
    ['a write is confirmed in any term', 'response.term = raft.term;', '', 'L08'],
    [
      'a write without entries confirms nothing',
      'snapshot !== undefined || this.raft.log.unstable.entries.length > 0',
      'snapshot !== undefined || this.raft.log.unstable.hasNextEntries',
      'L10'
    ],
    ['entries are handed out without being accepted', 'raft.log.unstable.acceptInProgress();', '', 'L06'],
    [
      'what is applied is handed out again',
      'raft.log.acceptApplying(last.index, bytes, !this.options.asyncStorageWrites);',
      '',
      'L04'
    ],
    [
      'a changed vote need not be synced',
      'entries.length > 0 || (hard !== undefined && this.#differsInPromise(hard))',
      'entries.length > 0',
      'L'
    ],
    [
      'a relaxed gate commits nothing by itself',
      'this.raft.role !== Role.leader || !maybeCommit(this.raft)',
      'true',
      'X02'
    ],
    [
      'a relaxed gate tells nobody',
      'releaseEarlyReads(this.raft);\n        broadcastAppend(this.raft);',
      'releaseEarlyReads(this.raft);',
      'X02'
    ],
    ['ticks that came late are nothing', 'this.raft.lease.forgetRounds();', '', 'Q11'],
    ['loaded entries are not looked at', 'this.raft.log.entriesLoaded();', '', 'D2']
  ])
]
