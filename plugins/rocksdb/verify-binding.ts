import type { InstalledBinding } from './installed-binding.js'
import type { Verdict } from './probe.js'
import { nodeMajor, type Runtime } from './runtime.js'

export interface VerdictSources {
  find(installed: InstalledBinding): Promise<Verdict | undefined>
  remember(installed: InstalledBinding, verdict: Verdict): Promise<void>
  probe(installed: InstalledBinding): Promise<Verdict>
}

/** Whether a binding works here: from what is known, else from what was found before, else by trying. */
export async function verifyBinding(
  installed: InstalledBinding,
  runtime: Runtime,
  sources: VerdictSources
): Promise<Verdict> {
  const known = knownVerdict(installed, runtime) ?? (await sources.find(installed))
  if (known !== undefined) return known
  const verdict = await sources.probe(installed)
  await sources.remember(installed, verdict)
  return verdict
}

/**
 * The prebuilt of `rocksdb` 5.2.1 for Linux with glibc needs no trial: it is plain x86-64, every test run loads it on Node 20, and on
 * Node 22 and 24 it aborts each time, which would leave a core file behind.
 */
function knownVerdict(
  { binding, version, isPrebuilt }: InstalledBinding,
  runtime: Runtime
): Verdict | undefined {
  const isKnownBuild = binding.name === 'rocksdb' && version === '5.2.1' && isPrebuilt
  const isKnownPlace = runtime.platform === 'linux' && runtime.arch === 'x64' && runtime.libc === 'glibc'
  if (!isKnownBuild || !isKnownPlace) return undefined
  if (nodeMajor(runtime) === 20) return { works: true, isFinal: true }
  if (nodeMajor(runtime) < 22) return undefined
  return { works: false, why: 'its prebuilt aborts the process on Node 22 and later', isFinal: true }
}
