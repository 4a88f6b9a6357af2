// Reads a TAP report, prints what failed with its diagnostics and what was skipped, and closes with the counts.
import { readFileSync } from 'node:fs'

const lines = readFileSync(process.argv[2], 'utf8').split('\n')
const counts = { passed: 0, failed: 0, skipped: 0 }
let file = ''
let printing = false
for (const line of lines) {
  const subtest = /^# Subtest: (.*)/.exec(line)
  if (subtest) file = subtest[1]
  // Files stand at the margin, their tests four columns in.
  const result = /^ {4}(not )?ok \d+ - (.*)/.exec(line)
  const failedFile = /^not ok \d+ - (.*)/.exec(line)
  if (result) {
    printing = false
    const skipped = /# (SKIP|TODO)/i.test(result[2])
    if (skipped) {
      counts.skipped++
      console.log(`skipped: ${file}: ${result[2]}`)
    } else if (result[1]) {
      counts.failed++
      printing = true
      console.log(`FAILED: ${file}: ${result[2]}`)
    } else counts.passed++
  } else if (failedFile) {
    printing = true
    console.log(`FAILED FILE: ${failedFile[1]}`)
    if (counts.failed === 0) counts.failed++
  } else if (/^ {8,}(not )?ok \d+/.test(line)) {
    // What fails within a test stands before the test's own line.
    printing = line.trim().startsWith('not ok')
    if (printing) console.log(`${file}: ${line.trim()}`)
  } else if (printing && /^ {2,}/.test(line)) console.log(line)
  else if (!/^ {4}/.test(line)) printing = false
}
const { passed, failed, skipped } = counts
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 ? 1 : 0
