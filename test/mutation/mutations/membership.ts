import { mutationsOf } from '../mutation.js'

export const MEMBERSHIP = [
  ...mutationsOf('membership', [
    [
      'a change that a snapshot contains is applied again',
      'if (index <= raft.confIndex)',
      'if (false)',
      'openraft 1808'
    ],
    [
      'the index of an applied change is not kept',
      'raft.confIndex = index;\n    return switchToConfig(raft);',
      'return switchToConfig(raft);',
      'openraft 1808'
    ],
    ['a smaller quorum does not commit what waits', 'if (maybeCommit(raft)) {', 'if (false) {', 'C07'],
    [
      'a transfer to a removed node goes on',
      'raft.leadTransferee !== NONE && !tracker.voterIds().includes(raft.leadTransferee)',
      'false',
      'T11'
    ],
    ['a removed leader goes on', 'if (raft.options.stepDownOnRemoval)', 'if (false)', 'C'],
    [
      'stepping down on removal can not be switched off',
      'if (raft.options.stepDownOnRemoval)',
      'if (true)',
      'conformance'
    ],
    ['a demoted leader goes on', 'own === undefined || own.isLearner', 'own === undefined', 'C'],
    ['a smaller quorum does not confirm the reads that wait', 'answerConfirmed(raft);', '', 'Q09'],
    ['a new member is not sent to', 'maybeSendAppend(raft, id, false);', '', 'C'],
    ['a joint configuration is never left by itself', '!config.autoLeave || ', 'true || ', 'C06'],
    ['an explicit joint configuration is left by itself', '!config.autoLeave || ', '', 'C05'],
    ['a snapshot without the receiver is taken', 'if (!isMember(conf, raft.id)) {', 'if (false) {', 'S11'],
    ['an old snapshot is taken', 'if (index <= raft.log.committed)', 'if (false)', 'S08'],
    [
      'a snapshot replaces entries that match it',
      'if (raft.log.matches(index, term)) {',
      'if (false) {',
      'S08'
    ],
    ['a matching snapshot does not move the commit index', 'raft.log.commitTo(index);', '', 'S08'],
    [
      'a snapshot does not bring its configuration',
      'raft.tracker = restoreConfig(conf, raft.log.lastIndex, raft.options);',
      '',
      'S09'
    ],
    [
      'the position of an installed configuration is not kept',
      'raft.confIndex = index;\n    switchToConfig(raft);',
      'switchToConfig(raft);',
      'openraft 1808'
    ]
  ]),
  ...mutationsOf('changer', [
    ['a new voter counts as dead', 'progress.recentActive = true;', '', 'K10'],
    ['a demoted voter is a learner at once', 'if (this.#config.outgoing.has(id)) {', 'if (false) {', 'C05'],
    [
      'two voters change without a joint configuration',
      'differing(voters, this.#config.voters) > 1',
      'false',
      'C08'
    ],
    [
      'a removed voter is dropped from the old half',
      'if (!this.#config.outgoing.has(id))',
      'if (true)',
      'C05'
    ],
    ['demoted voters are dropped', 'this.#config.learnersNext.add(id);', '', 'C05'],
    [
      'members of the old half are kept',
      '!config.voters.has(id) && !config.learners.has(id)',
      'false',
      'C05'
    ],
    [
      'a joint configuration is always left by itself',
      'this.#config.autoLeave = leavesItself({ ...change, context: Buffer.alloc(0) });',
      'this.#config.autoLeave = true;',
      'C05'
    ],
    ['a promoted learner stays a learner', 'progress.isLearner = false;', '', 'C01'],
    [
      'a promoted learner is in both lists',
      'this.#config.learners.delete(id);\n        this.#config.learnersNext.delete(id);\n        this.#config.voters.add(id);',
      'this.#config.voters.add(id);',
      'C01'
    ],
    [
      'an empty configuration becomes joint',
      'if (this.#config.voters.size === 0)\n            throw new ConfChangeError("can\'t make',
      'if (false)\n            throw new ConfChangeError("can\'t make',
      'C08'
    ],
    [
      'all voters can be removed',
      "if (this.#config.voters.size === 0)\n            throw new ConfChangeError('removed all",
      "if (false)\n            throw new ConfChangeError('removed all",
      'C01'
    ]
  ]),
  ...mutationsOf('conf-change', [
    ['several steps are simple', ' || changes.length > 1', '', 'C05'],
    [
      'an explicit joint configuration leaves itself',
      'transition !== Transition.jointExplicit',
      'true',
      'C05'
    ]
  ]),
  ...mutationsOf('restore', [
    ['a restored learner is a voter', 'add(id, true)', 'add(id, false)', 'S09'],
    [
      'a restored joint configuration forgets its old half',
      'config.outgoing = new Set(conf.outgoing);',
      '',
      'C08'
    ],
    ['a restored joint configuration is not left by itself', 'config.autoLeave = conf.autoLeave;', '', 'C06']
  ]),
  ...mutationsOf('types', [
    ['an outgoing voter is no member', ' || outgoing.includes(id)', '', 'S11'],
    ['a learner is no member', ' || learners.includes(id)', '', 'S09'],
    ['an entry larger than the limit stalls', 'bytes > bytesMax && i > 0', 'bytes > bytesMax', 'P13'],
    ['the size of an entry is not counted', 'bytes += entrySize(entries[i]);', '', 'P13']
  ])
]
