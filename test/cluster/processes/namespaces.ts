import { spawnSync } from 'node:child_process'

/** Network namespaces on one bridge, one per node: cuts between machines as the kernel's routing makes them. */
export class Namespaces {
  readonly #id: string
  readonly #subnet: string
  readonly names: readonly string[]
  readonly #removeAll = () => this.#delete()

  private constructor(count: number) {
    this.#id = `my${process.pid % 10_000}`
    this.#subnet = `10.231.${process.pid % 250}`
    this.names = Array.from({ length: count }, (_, i) => `${this.#id}n${i}`)
  }

  /** Words, where this machine can not do it. */
  static refusal(): string | undefined {
    const probe = `myprobe${process.pid}`
    const made = spawnSync('ip', ['netns', 'add', probe])
    if (made.error !== undefined) return 'not run: this test needs the program ip (iproute2)'
    if (made.status !== 0) return 'not run: this test needs root, for network namespaces'
    spawnSync('ip', ['netns', 'del', probe])
    return undefined
  }

  static create(count: number): Namespaces {
    const namespaces = new Namespaces(count)
    process.once('exit', namespaces.#removeAll)
    try {
      namespaces.#create()
      return namespaces
    } catch (error) {
      namespaces.remove()
      throw error
    }
  }

  address(node: number): string {
    return `${this.#subnet}.${node + 1}`
  }

  /** What a process runs below to live in a namespace. */
  prefix(node: number): string[] {
    return ['ip', 'netns', 'exec', this.names[node]!]
  }

  /** Packets between the two vanish in both directions; connections stay until somebody misses them. */
  cut(one: number, other: number): void {
    ip('-n', this.names[one]!, 'route', 'add', 'blackhole', this.address(other))
    ip('-n', this.names[other]!, 'route', 'add', 'blackhole', this.address(one))
  }

  heal(one: number, other: number): void {
    ip('-n', this.names[one]!, 'route', 'del', 'blackhole', this.address(other))
    ip('-n', this.names[other]!, 'route', 'del', 'blackhole', this.address(one))
  }

  /** As if the cable was pulled, for everybody: clients, too. */
  setLink(node: number, state: 'up' | 'down'): void {
    ip('-n', this.names[node]!, 'link', 'set', 'eth0', state)
  }

  remove(): void {
    process.off('exit', this.#removeAll)
    this.#delete()
  }

  #delete(): void {
    for (const name of this.names) spawnSync('ip', ['netns', 'del', name])
    spawnSync('ip', ['link', 'del', this.#bridge])
  }

  get #bridge(): string {
    return `${this.#id}br`
  }

  #create(): void {
    ip('link', 'add', this.#bridge, 'type', 'bridge')
    ip('addr', 'add', `${this.#subnet}.254/24`, 'dev', this.#bridge)
    ip('link', 'set', this.#bridge, 'up')
    for (const [i, name] of this.names.entries()) {
      const outside = `${this.#id}v${i}`
      ip('netns', 'add', name)
      ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
      ip('link', 'set', outside, 'master', this.#bridge, 'up')
      ip('-n', name, 'addr', 'add', `${this.address(i)}/24`, 'dev', 'eth0')
      ip('-n', name, 'link', 'set', 'eth0', 'up')
      ip('-n', name, 'link', 'set', 'lo', 'up')
    }
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`)
}
