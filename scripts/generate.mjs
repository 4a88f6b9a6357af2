#!/usr/bin/env node
// Writes the generated files of the repository, or with --check compares them. Reads the compiled code below dist/
// (MYELIN_DIST names another place). Each scripts/generators/*.mjs exports outputs(), which gives paths and contents.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const isCheck = process.argv.includes('--check')

const outputs = await collectOutputs()
const stale = []
for (const { path, content } of outputs) {
  if ((await readIfPresent(path)) !== content) stale.push({ path, content })
}
if (isCheck) report(stale)
else await writeAll(stale)

async function collectOutputs() {
  const directory = new URL('generators/', import.meta.url)
  const names = (await readdir(directory)).filter(name => name.endsWith('.mjs')).sort()
  const collected = []
  for (const name of names) {
    const generator = await import(new URL(name, directory).href)
    collected.push(...(await generator.outputs()))
  }
  return collected
}

async function readIfPresent(path) {
  try {
    return await readFile(join(root, path), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function report(files) {
  for (const { path } of files) console.error(`${path} differs from what would be generated; run npm run fix`)
  process.exitCode = files.length > 0 ? 1 : 0
}

async function writeAll(files) {
  for (const { path, content } of files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
    console.log(`wrote ${path}`)
  }
}
