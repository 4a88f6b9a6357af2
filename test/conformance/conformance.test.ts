import { relative } from 'node:path'
import t from 'tap'
import { findScripts } from './find-scripts.js'
import { replayFile } from './replay-file.js'

const folder = process.env.MYELIN_RAFT_TESTDATA

if (folder === undefined || folder === '') {
  const skip = 'not run: MYELIN_RAFT_TESTDATA names no folder with scenario files'
  t.test("another implementation's scenario files give the same outputs here", { skip }, async () => {})
} else {
  const { scripts } = findScripts(folder)
  t.test('the folder holds scenario files', async t => {
    t.not(scripts.length, 0, folder)
  })
  for (const path of scripts) {
    t.test(`${relative(folder, path)} gives the same outputs here`, async t => {
      const { failure } = replayFile(path)
      t.equal(failure, undefined, failure ?? 'every output is the expected one')
    })
  }
}
