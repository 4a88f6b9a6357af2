import { token } from '../../kernel/index.js'

/** Which contexts may be called. Without a provider every context exists. */
export interface ContextGate {
  exists(context: string): boolean
}

export const ContextGate = token<ContextGate>('wire/ContextGate@1')
