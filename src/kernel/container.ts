import 'reflect-metadata'
import { type DependencyContainer, container as root } from 'tsyringe'
import { KernelError } from './kernel-error.js'
import type { ServiceRegistry, Services } from './plugin.js'
import { serviceName, type Token } from './token.js'

type Factory<T> = (services: Services) => T

/** The services of one kernel. One instance per token, made at the first `get`; a second binding is refused. */
export class Container implements Services, ServiceRegistry {
  readonly #container: DependencyContainer = root.createChildContainer()
  readonly #bound = new Set<Token<unknown>>()
  /** What is being made at the moment, outermost first. */
  readonly #making: Token<unknown>[] = []

  bind<T>(token: Token<T>, factory: Factory<T>): void {
    if (this.#container.isRegistered(token)) throw boundTwice(token)
    this.#bound.add(token)
    this.#register(token, factory)
  }

  add<T>(token: Token<T>, factory: Factory<T>): void {
    if (this.isBound(token)) throw boundTwice(token)
    this.#register(token, factory)
  }

  isBound(token: Token<unknown>): boolean {
    return this.#bound.has(token)
  }

  get<T>(token: Token<T>): T {
    if (!this.isBound(token)) throw new KernelError('KERNEL_SERVICE_UNKNOWN', { service: serviceName(token) })
    return this.#container.resolve<T>(token)
  }

  find<T>(token: Token<T>): T | undefined {
    return this.isBound(token) ? this.get(token) : undefined
  }

  all<T>(token: Token<T>): readonly T[] {
    return this.#container.isRegistered(token) ? this.#container.resolveAll<T>(token) : []
  }

  /** tsyringe makes a new object at each resolve of a factory; here the first one is kept. */
  #register<T>(token: Token<T>, factory: Factory<T>): void {
    let made: { readonly instance: T } | undefined
    let isMaking = false
    const useFactory = (): T => {
      if (made !== undefined) return made.instance
      if (isMaking) throw this.#circular(token)
      isMaking = true
      this.#making.push(token)
      try {
        made = { instance: factory(this) }
        return made.instance
      } finally {
        this.#making.pop()
        isMaking = false
      }
    }
    this.#container.register<T>(token, { useFactory })
  }

  #circular(token: Token<unknown>): KernelError {
    const start = this.#making.indexOf(token)
    const cycle = [...this.#making.slice(start), token].map(serviceName).join(' -> ')
    return new KernelError('KERNEL_SERVICE_CIRCULAR', { cycle })
  }
}

function boundTwice(token: Token<unknown>): KernelError {
  return new KernelError('KERNEL_SERVICE_BOUND_TWICE', { service: serviceName(token) })
}
