import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { findScripts } from './find-scripts.js'
import { replayFile } from './replay-file.js'

process.exitCode = main(process.argv[2])

/** `run.js FOLDER`: replays every scenario file below the folder. */
function main(folder: string | undefined): number {
  if (folder === undefined) return refuse('usage: npm run conformance -- FOLDER')
  if (!existsSync(folder)) return refuse(`there is no folder ${folder}`)
  const { scripts, others } = findScripts(folder)
  for (const path of others) console.log(`${relative(folder, path)}: not a scenario file`)
  let commands = 0
  let failed = 0
  for (const path of scripts) {
    const outcome = replayFile(path)
    commands += outcome.commands
    if (outcome.failure === undefined) continue
    failed++
    console.log(`${relative(folder, path)}: ${outcome.failure}\n`)
  }
  if (scripts.length === 0) console.log(`no scenario files below ${folder}`)
  console.log(`${scripts.length} files with ${commands} commands`)
  console.log(`${scripts.length - failed} passed, ${failed} failed`)
  return scripts.length === 0 || failed > 0 ? 1 : 0
}

function refuse(words: string): number {
  console.error(words)
  return 1
}
