import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Binding, bindings, installedVersion } from './bindings.js'

const PROBE_TIMEOUT_MS = 20_000

/**
 * Whether a binding works on this machine. A prebuilt that does not fit may abort its process, which nothing can catch: so a child
 * process opens a store with it once, and the answer is remembered by Node version, processor, and version of the binding.
 */
export async function bindingWorks(binding: Binding, cacheDirectory: string): Promise<boolean> {
  const version = installedVersion(binding)
  if (version === undefined) return false
  const key = `${binding.packageName}@${version} node-${process.version} ${process.platform}-${process.arch}`
  const cacheFile = join(cacheDirectory, 'bindings.json')
  const cache = await readCache(cacheFile)
  const known = cache[key]
  if (known !== undefined) return known
  const works = await probe(binding)
  await mkdir(cacheDirectory, { recursive: true })
  await writeFile(cacheFile, `${JSON.stringify({ ...cache, [key]: works }, null, 2)}\n`)
  return works
}

async function readCache(file: string): Promise<Record<string, boolean>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, boolean>
  } catch {
    return {}
  }
}

async function probe(binding: Binding): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'myelin-probe-'))
  const script = fileURLToPath(new URL('./probe-child.js', import.meta.url))
  try {
    return await new Promise(resolve =>
      execFile(
        process.execPath,
        [script, binding.name, join(directory, 'store')],
        { timeout: PROBE_TIMEOUT_MS },
        error => resolve(error === null)
      )
    )
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The child's part: throws, or aborts, where the binding does not work. */
export async function tryBinding(name: string, directory: string): Promise<void> {
  const binding = bindings.find(candidate => candidate.name === name)
  if (binding === undefined) throw new Error(`there is no binding ${name}`)
  await mkdir(directory, { recursive: true })
  const database = binding.create(directory)
  await database.open()
  const batch = database.batch()
  batch.put(Buffer.from('key'), Buffer.from('value'))
  await batch.write(true)
  const [value] = await database.getMany([Buffer.from('key')])
  if (value?.toString() !== 'value') throw new Error(`${name} does not give back what it was given`)
  await database.close()
}
