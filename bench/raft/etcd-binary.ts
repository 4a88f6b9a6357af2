import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MODULE = 'go.etcd.io/etcd/server/v3'
const BUILD_DEADLINE_MS = 10 * 60_000

export interface EtcdBinary {
  readonly path: string
  readonly version: string
  remove(): void
}

/** An etcd to compare with, or words why there is none: a file that was named, one built from its source, one that is installed. */
export function findEtcd(named: string | undefined, fromSource: boolean): EtcdBinary | string {
  if (named !== undefined) return versionOf(named) ?? `${named} is no etcd`
  if (fromSource) return buildEtcd()
  return (
    versionOf('etcd') ??
    'etcd is not installed (Debian: apt-get install etcd-server). --etcd FILE names one, --etcd-from-source builds one with go'
  )
}

function versionOf(path: string, remove = () => {}): EtcdBinary | undefined {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  if (status !== 0) return undefined
  return { path, version: /etcd Version: (\S+)/.exec(stdout)?.[1] ?? 'of an unknown version', remove }
}

function buildEtcd(): EtcdBinary | string {
  const go = ['go', '/usr/local/go/bin/go'].find(path => spawnSync(path, ['version']).status === 0)
  if (go === undefined) return 'etcd can not be built from source: go is not installed'
  const directory = mkdtempSync(join(tmpdir(), 'myelin-etcd-'))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  for (const args of [
    ['mod', 'init', 'etcdpeer'],
    ['get', `${MODULE}@latest`],
    ['build', '-o', 'etcd', MODULE]
  ]) {
    const built = spawnSync(go, args, { cwd: directory, encoding: 'utf8', timeout: BUILD_DEADLINE_MS })
    if (built.status === 0) continue
    remove()
    return `etcd could not be built from source: go ${args[0]}: ${built.stderr.trim().split('\n').at(-1)}`
  }
  return versionOf(join(directory, 'etcd'), remove)!
}
