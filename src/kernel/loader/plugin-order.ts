import { KernelError } from '../kernel-error.js'
import type { Plugin } from '../plugin.js'
import { serviceName, type Token } from '../token.js'
import type { ServiceChoice } from './service-choice.js'

interface Need {
  readonly on: Plugin
  readonly why: string
}

/**
 * Puts providers before those who need them, and contributors before those who collect them. What is not ordered so keeps the
 * order of `myelin.plugins`. `kernelServices` are there from the beginning.
 */
export function orderPlugins(choice: ServiceChoice, kernelServices: ReadonlySet<Token<unknown>>): Plugin[] {
  const ordered = new Set<Plugin>()
  const path: { readonly plugin: Plugin; why: string }[] = []

  function visit(plugin: Plugin): void {
    if (ordered.has(plugin)) return
    const start = path.findIndex(step => step.plugin === plugin)
    if (start >= 0) throw cycleError(path.slice(start))
    const step = { plugin, why: '' }
    path.push(step)
    for (const { on, why } of needsOf(plugin, choice, kernelServices)) {
      step.why = why
      visit(on)
    }
    path.pop()
    ordered.add(plugin)
  }

  for (const plugin of choice.plugins) refuseKernelServices(plugin, kernelServices)
  for (const plugin of choice.plugins) visit(plugin)
  return [...ordered]
}

function needsOf(
  plugin: Plugin,
  { plugins, providers }: ServiceChoice,
  kernelServices: ReadonlySet<Token<unknown>>
): Need[] {
  const needs: Need[] = []
  const need = (on: Plugin, token: Token<unknown>, verb: string) => {
    if (on !== plugin) needs.push({ on, why: `${plugin.name} ${verb} ${serviceName(token)} of ${on.name}` })
  }
  for (const token of plugin.requires ?? []) {
    const provider = providers.get(token)
    if (provider !== undefined) need(provider, token, 'requires')
    else if (!kernelServices.has(token))
      throw new KernelError('KERNEL_SERVICE_MISSING', { plugin: plugin.name, service: serviceName(token) })
  }
  for (const token of plugin.optional ?? []) {
    const provider = providers.get(token)
    if (provider !== undefined) need(provider, token, 'uses')
  }
  for (const token of plugin.collects ?? []) {
    for (const other of plugins) if (other.extends?.includes(token)) need(other, token, 'collects')
  }
  return needs
}

function refuseKernelServices(
  { name, provides = [] }: Plugin,
  kernelServices: ReadonlySet<Token<unknown>>
): void {
  const token = provides.find(provided => kernelServices.has(provided))
  if (token !== undefined)
    throw new KernelError('KERNEL_SERVICE_RESERVED', { plugin: name, service: serviceName(token) })
}

function cycleError(steps: readonly { readonly plugin: Plugin; readonly why: string }[]): KernelError {
  const names = [...steps, steps[0]!].map(({ plugin }) => plugin.name)
  return new KernelError('KERNEL_PLUGIN_CYCLE', {
    cycle: names.join(' -> '),
    reasons: steps.map(({ why }) => why).join(', ')
  })
}
