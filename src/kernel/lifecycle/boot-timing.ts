interface Step {
  readonly phase: string
  readonly plugin: string | undefined
  readonly elapsedMs: number
}

/** How long each phase of the boot took, and each plugin in it. */
export class BootTiming {
  readonly #steps: Step[] = []

  /** Times a whole phase. */
  async phase<T>(phase: string, work: () => T | Promise<T>): Promise<T> {
    const startMs = performance.now()
    const result = await work()
    this.#steps.push({ phase, plugin: undefined, elapsedMs: performance.now() - startMs })
    return result
  }

  plugin(phase: string, plugin: string, elapsedMs: number): void {
    this.#steps.push({ phase, plugin, elapsedMs })
  }

  /** One line a step, plugins below their phase. */
  tree(total: string): string[] {
    const phases = this.#steps.filter(({ plugin }) => plugin === undefined)
    const width = Math.max(...this.#steps.map(({ phase, plugin = phase }) => plugin.length)) + 6
    const line = (indent: string, name: string, elapsedMs: number) =>
      `${(indent + name).padEnd(width)} ${elapsedMs.toFixed(1).padStart(8)} ms`
    const totalMs = phases.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0)
    const lines = [line('', total, totalMs)]
    phases.forEach(({ phase, elapsedMs }, i) => {
      const isLast = i === phases.length - 1
      lines.push(line(isLast ? '└─ ' : '├─ ', phase, elapsedMs))
      const plugins = this.#steps.filter(step => step.phase === phase && step.plugin !== undefined)
      plugins.forEach((step, j) => {
        const branch = j === plugins.length - 1 ? '└─ ' : '├─ '
        lines.push(line(`${isLast ? '   ' : '│  '}${branch}`, step.plugin!, step.elapsedMs))
      })
    })
    return lines
  }
}
