import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Runs all tests below a folder in this process: much cheaper than a process for each file. */
const folder = resolve(process.argv[2]!)
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name =>
  name.endsWith('.test.js')
)
for (const file of files.sort()) await import(pathToFileURL(resolve(folder, file)).href)
