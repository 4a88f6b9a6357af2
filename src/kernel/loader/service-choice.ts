import { KernelError } from '../kernel-error.js'
import type { Plugin } from '../plugin.js'
import { serviceName, type Token, tokenName } from '../token.js'

export interface ServiceChoice {
  /** The plugins that run, in their given order. */
  readonly plugins: readonly Plugin[]
  /** Who provides what. */
  readonly providers: ReadonlyMap<Token<unknown>, Plugin>
  /** Loaded, and left out because others provide what they would have provided. */
  readonly replaced: readonly Plugin[]
}

/**
 * Decides who provides each service. Several candidates are an error unless `myelin.services.<service>` names one. A plugin that
 * loses a service so is left out, unless somebody needs another one of its services.
 */
export function chooseServices(
  plugins: readonly Plugin[],
  named: ReadonlyMap<string, string>
): ServiceChoice {
  const candidates = candidatesByToken(plugins)
  checkNames(named, candidates)
  const providers = new Map<Token<unknown>, Plugin>()
  const losers = new Set<Plugin>()
  for (const [token, several] of candidates) {
    const chosen = choose(token, several, named)
    providers.set(token, chosen)
    for (const other of several) if (other !== chosen) losers.add(other)
  }
  const replaced = leaveOut(plugins, providers, losers)
  for (const [token, provider] of providers) if (replaced.has(provider)) providers.delete(token)
  return { plugins: plugins.filter(plugin => !replaced.has(plugin)), providers, replaced: [...replaced] }
}

function candidatesByToken(plugins: readonly Plugin[]): Map<Token<unknown>, Plugin[]> {
  const candidates = new Map<Token<unknown>, Plugin[]>()
  for (const plugin of plugins) {
    for (const token of new Set(plugin.provides))
      candidates.set(token, [...(candidates.get(token) ?? []), plugin])
  }
  return candidates
}

function choose(
  token: Token<unknown>,
  candidates: readonly Plugin[],
  named: ReadonlyMap<string, string>
): Plugin {
  const name = [...named].find(([service]) => means(service, token))?.[1]
  const chosen = candidates.find(plugin => plugin.name === name)
  if (chosen !== undefined) return chosen
  if (candidates.length === 1) return candidates[0]!
  throw new KernelError('KERNEL_SERVICE_AMBIGUOUS', {
    service: serviceName(token),
    plugins: namesOf(candidates),
    first: candidates[0]!.name
  })
}

/** A name that fits nothing is a mistake that would otherwise go unnoticed. */
function checkNames(
  named: ReadonlyMap<string, string>,
  candidates: ReadonlyMap<Token<unknown>, readonly Plugin[]>
): void {
  for (const [service, plugin] of named) {
    const providers = [...candidates]
      .filter(([token]) => means(service, token))
      .flatMap(([, several]) => several)
    if (providers.some(({ name }) => name === plugin)) continue
    throw new KernelError('KERNEL_SERVICE_CHOICE', {
      service,
      plugin,
      plugins: namesOf(providers) || 'no loaded plugin'
    })
  }
}

/** `KeyValueStore`, or `storage/KeyValueStore@1` where two areas use the same word. Environment variables have no case. */
function means(written: string, token: Token<unknown>): boolean {
  const name = written.toLowerCase()
  return name === serviceName(token).toLowerCase() || name === tokenName(token).toLowerCase()
}

/** Leaving one out may make another one needless. */
function leaveOut(
  plugins: readonly Plugin[],
  providers: ReadonlyMap<Token<unknown>, Plugin>,
  losers: ReadonlySet<Plugin>
): Set<Plugin> {
  const out = new Set<Plugin>()
  const isNeeded = (loser: Plugin) => {
    const kept = plugins.filter(plugin => plugin !== loser && !out.has(plugin))
    const wanted = new Set(kept.flatMap(({ requires = [], optional = [] }) => [...requires, ...optional]))
    return (loser.provides ?? []).some(token => providers.get(token) === loser && wanted.has(token))
  }
  for (let next: Plugin | undefined; ; ) {
    next = [...losers].find(loser => !out.has(loser) && !isNeeded(loser))
    if (next === undefined) return out
    out.add(next)
  }
}

function namesOf(plugins: readonly Plugin[]): string {
  return plugins.map(({ name }) => name).join(' and ')
}
