import type { FastifyInstance } from 'fastify'

/** Knows all routes, so that a known path with another method is told apart from an unknown path. */
export class RouteTable {
  readonly #routes: { readonly methods: readonly string[]; readonly pattern: RegExp }[] = []

  constructor(app: FastifyInstance) {
    app.addHook('onRoute', route => {
      const methods = Array.isArray(route.method) ? route.method : [route.method]
      this.#routes.push({ methods, pattern: toPattern(route.url) })
    })
  }

  hasOtherMethod(method: string, url: string): boolean {
    const path = url.split('?')[0]!
    return this.#routes.some(route => route.pattern.test(path) && !route.methods.includes(method))
  }
}

function toPattern(url: string): RegExp {
  const escaped = url.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replace(/:[^/]+/g, '[^/]+').replace(/\*/g, '.*')}$`)
}
