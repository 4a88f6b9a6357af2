import t from 'tap'
import { type Entry, Message, MessageType } from '../../../src/consensus/core/index.js'
import { LogWriter, type WritingGroup } from '../../../src/consensus/driver/log-writer.js'
import { StorageFullError } from '../../../src/storage/index.js'
import { HeldLog } from './held-log.js'

const hard = (term: number, commit = 0) => ({ term, vote: 1, commit })
const entries = (from: number, to: number, term: number): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    index: from + i,
    term,
    kind: 0,
    data: Buffer.from('x')
  }))
const response = (index: number) => {
  const message = new Message(MessageType.appendResponse, 1, 1)
  message.index = index
  return message
}

class Group implements WritingGroup {
  readonly stories: string[] = []

  constructor(readonly id: number) {}

  stored(responses: readonly Message[]): void {
    this.stories.push(`stored ${responses.map(({ index }) => index)}`)
  }

  noRoom(error: Error): void {
    this.stories.push(`no room: ${error.message}`)
  }

  fail(reason: string): void {
    this.stories.push(`failed: ${reason}`)
  }
}

function writer() {
  const log = new HeldLog()
  log.hold()
  const retries: number[] = []
  let ended = 0
  let nowMs = 0
  const subject = new LogWriter({
    log,
    now: () => nowMs,
    ended: () => {
      ended++
      subject.submit()
    },
    retryLater: () => retries.push(nowMs)
  })
  return {
    log,
    subject,
    retries,
    pass: (ms: number) => {
      nowMs += ms
    },
    ended: () => ended
  }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

t.test('one write at a time; the next collects, and later entries replace earlier ones in it', async t => {
  const { subject, log, pass } = writer()
  const group = new Group(1)
  subject.write(group, hard(1), { entries: entries(1, 1, 1), responses: [response(1)] })
  subject.submit()
  subject.write(group, hard(1), { entries: entries(2, 4, 1), responses: [response(4)] })
  subject.write(group, hard(2), { entries: entries(3, 3, 2), responses: [response(3)] })
  subject.submit()
  pass(7)
  t.equal(subject.writingMs, 7)
  t.equal(log.held, 1)
  t.same(group.stories, [])
  log.letGo()
  await settled()
  t.same(group.stories, ['stored 1'])
  const [part] = log.appends[1]!
  t.same(
    part!.entries.map(({ index, term }) => `${index}/${term}`),
    ['2/1', '3/2']
  )
  t.same(part!.hardState, hard(2))
  log.letGo()
  await settled()
  t.same(group.stories, ['stored 1', 'stored 4,3'])
  t.equal(subject.isIdle, true)
})

t.test('an answer without anything to write waits for the newest write of its group (A9)', async t => {
  const { subject, log } = writer()
  const group = new Group(1)
  t.equal(subject.joinPending(group, [response(9)]), false, 'nothing is under way')
  subject.write(group, hard(1), { entries: entries(1, 1, 1), responses: [] })
  subject.submit()
  t.equal(subject.joinPending(group, [response(5)]), true)
  subject.write(group, hard(1), { entries: entries(2, 2, 1), responses: [] })
  t.equal(subject.joinPending(group, [response(6)]), true)
  t.equal(subject.joinPending(new Group(2), [response(7)]), false)
  log.letGo()
  await settled()
  t.same(group.stories, ['stored 5'])
  log.letGo()
  await settled()
  t.same(group.stories, ['stored 5', 'stored 6'])
})

t.test('what found no room comes again before what came since, and nothing was promised', async t => {
  const { subject, log, retries } = writer()
  const group = new Group(1)
  subject.write(group, hard(1), { entries: entries(1, 3, 1), responses: [response(3)] })
  subject.submit()
  subject.write(group, hard(2), { entries: entries(3, 4, 2), responses: [response(4)] })
  log.refuse(new StorageFullError('full'))
  await settled()
  t.same(group.stories, ['no room: full'])
  t.equal(subject.refusal!.message, 'full')
  t.equal(log.held, 0, 'not before the retry')
  t.equal(retries.length, 1)
  subject.retry()
  t.same(
    log.appends[1]![0]!.entries.map(({ index, term }) => `${index}/${term}`),
    ['1/1', '2/1', '3/2', '4/2']
  )
  log.letGo()
  await settled()
  t.same(group.stories, ['no room: full', 'stored 3,4'])
  t.equal(subject.refusal, undefined)
})

t.test('any other failure stops the groups of that batch', async t => {
  const { subject, log, ended } = writer()
  const groups = [new Group(1), new Group(2), new Group(3)] as const
  for (const group of groups.slice(0, 2))
    subject.write(group, hard(1), { entries: entries(1, 1, 1), responses: [] })
  subject.submit()
  subject.write(groups[2], hard(1), { entries: entries(1, 1, 1), responses: [] })
  log.refuse(new Error('gone'))
  await settled()
  t.same(groups[0].stories, ['failed: its log can not be written: gone'])
  t.same(groups[1].stories, groups[0].stories)
  t.equal(ended(), 1)
  log.letGo()
  await settled()
  t.same(groups[2].stories, ['stored '])
})

t.test('nothing is written or told for a group that is forgotten', async t => {
  const { subject, log } = writer()
  const group = new Group(1)
  subject.write(group, hard(1), { entries: entries(1, 1, 1), responses: [response(1)] })
  subject.submit()
  subject.write(group, hard(1), { entries: entries(2, 2, 1), responses: [response(2)] })
  subject.forget(group)
  log.letGo()
  await settled()
  t.same(group.stories, [])
  t.equal(log.appends.length, 1)
})
