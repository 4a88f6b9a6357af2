import { basename, join } from 'node:path'
import t from 'tap'
import { findScripts } from '../conformance/find-scripts.js'
import { replayFile, rewriteFile } from '../conformance/replay-file.js'
import { repository } from '../support/repository.js'

// With UPDATE=1 the outputs are written into the files, to be reviewed there.
const { scripts } = findScripts(join(repository, 'test/scenarios'))

t.test('there are scenarios', async t => {
  t.not(scripts.length, 0)
})

for (const path of scripts.filter(each => each.endsWith('.txt'))) {
  t.test(`${basename(path, '.txt').replaceAll('-', ' ')}`, async t => {
    if (process.env.UPDATE === '1') rewriteFile(path)
    const { failure } = replayFile(path)
    t.equal(failure, undefined, failure ?? 'every output is the expected one')
  })
}
