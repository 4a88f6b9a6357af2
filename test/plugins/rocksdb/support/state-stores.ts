import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type BindingName, bindingNamed } from '../../../../plugins/rocksdb/bindings.js'
import type { EngineStore } from '../../../../plugins/rocksdb/engine-store.js'
import { findInstalled } from '../../../../plugins/rocksdb/installed-binding.js'
import { stateStore } from '../../../../plugins/rocksdb/open-state-store.js'
import { probe } from '../../../../plugins/rocksdb/probe.js'
import { thisRuntime } from '../../../../plugins/rocksdb/runtime.js'
import { verifyBinding } from '../../../../plugins/rocksdb/verify-binding.js'
import { type Logger, silentLogger } from '../../../../src/kernel/index.js'
import { NodeFileSystem } from '../../../../src/storage/index.js'

export async function temporaryDirectory(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'myelin-state-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export function storeIn(directory: string, engine: string, log: Logger = silentLogger): EngineStore {
  return stateStore({ directory, engine, createdBy: 'a test', fs: new NodeFileSystem(), log })
}

/** In words, when a binding does not work here: for tests that are skipped then. */
export async function whyNot(t: Test, name: BindingName): Promise<string | undefined> {
  const installed = findInstalled(bindingNamed(name)!)
  if (installed === undefined) return `${name} is not installed`
  const directory = await temporaryDirectory(t)
  const verdict = await verifyBinding(installed, thisRuntime(), {
    find: async () => undefined,
    remember: async () => {},
    probe: candidate => probe(candidate, directory)
  })
  return verdict.works ? undefined : `${name} does not work here: ${verdict.why}`
}
