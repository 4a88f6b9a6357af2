import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { InstalledBinding } from './installed-binding.js'
import type { Verdict } from './probe.js'
import type { Runtime } from './runtime.js'

const ENTRIES_MAX = 32

type Entries = Record<string, { readonly works: boolean; readonly why?: string }>

/** Remembers what trials found, by everything that decides it. A file that can not be read or written costs a trial, no more. */
export class VerdictCache {
  constructor(
    private readonly file: string,
    private readonly runtime: Runtime
  ) {}

  async find(installed: InstalledBinding): Promise<Verdict | undefined> {
    const known = (await this.#read())[this.#key(installed)]
    return known === undefined ? undefined : { ...known, isFinal: true }
  }

  async remember(installed: InstalledBinding, { works, why, isFinal }: Verdict): Promise<void> {
    if (!isFinal) return
    const others = Object.entries(await this.#read()).slice(-(ENTRIES_MAX - 1))
    const entries: Entries = {
      ...Object.fromEntries(others),
      [this.#key(installed)]: why === undefined ? { works } : { works, why }
    }
    try {
      await mkdir(dirname(this.file), { recursive: true })
      await writeFile(`${this.file}.new`, `${JSON.stringify(entries, undefined, 2)}\n`)
      await rename(`${this.file}.new`, this.file)
    } catch {
      // The next start tries the binding again.
    }
  }

  async #read(): Promise<Entries> {
    try {
      const entries: unknown = JSON.parse(await readFile(this.file, 'utf8'))
      return typeof entries === 'object' && entries !== null ? (entries as Entries) : {}
    } catch {
      return {}
    }
  }

  #key({ binding, version, isPrebuilt }: InstalledBinding): string {
    const { nodeVersion, platform, arch, libc, processor } = this.runtime
    const build = isPrebuilt ? 'prebuilt' : 'compiled here'
    return [
      `${binding.packageName} ${version} ${build}`,
      `node ${nodeVersion}`,
      platform,
      arch,
      libc,
      processor
    ].join('; ')
  }
}
