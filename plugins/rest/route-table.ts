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

  /** The methods that are there for the path of this URL. */
  methodsOf(url: string): string[] {
    const path = url.split('?')[0]!
    const methods = this.#routes.filter(({ pattern }) => pattern.test(path)).flatMap(route => route.methods)
    return [...new Set(methods)].sort()
  }
}

function toPattern(url: string): RegExp {
  const escaped = url.replace(/[.+*^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replace(/:[^/]+/g, '[^/]+')}$`)
}
