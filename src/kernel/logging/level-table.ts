import { type Level, rankOf } from './level.js'

export interface LoggerLevel {
  /** Undefined: the logger has the level of the logger above it. */
  readonly configured: Level | undefined
  readonly effective: Level
}

interface Entry {
  readonly name: string
  readonly level: Level
}

export const rootName = 'ROOT'
const rootKey = keyOf(rootName)

/** The original is silent below WARN but for some loggers; these are the ones that we write to. */
const defaults: readonly Entry[] = [
  { name: rootName, level: 'WARN' },
  { name: 'io.axoniq.axonserver', level: 'INFO' },
  { name: 'AUDIT', level: 'INFO' }
]

const namesMax = 1000

/** Levels by logger name. A logger without one has that of the nearest logger above it, by dots. Case does not count. */
export class LevelTable {
  /** Changes with every change of a level, so that loggers can keep what they have looked up. */
  version = 0
  readonly #configured = new Map<string, Entry>()
  readonly #names = new Map<string, string>()

  constructor(configured: Iterable<readonly [name: string, level: Level]>) {
    for (const [name, level] of configured) this.set(name, level)
  }

  set(name: string, level: Level | undefined): void {
    if (level === undefined) this.#configured.delete(keyOf(name))
    else this.#configured.set(keyOf(name), { name: keyOf(name) === rootKey ? rootName : name, level })
    this.version++
  }

  /** Makes `entries` show this logger. */
  note(name: string): void {
    if (this.#names.size < namesMax) this.#names.set(keyOf(name), name)
  }

  rank(name: string): number {
    return rankOf(this.#effective(name))
  }

  entries(): Map<string, LoggerLevel> {
    const names = new Map([...defaults, ...this.#configured.values()].map(({ name }) => [keyOf(name), name]))
    for (const [key, name] of this.#names) if (!names.has(key)) names.set(key, name)
    const sorted = [...names.values()].sort((a, b) =>
      a === rootName ? -1 : b === rootName ? 1 : a < b ? -1 : 1
    )
    return new Map(
      sorted.map(name => [name, { configured: this.#at(keyOf(name)), effective: this.#effective(name) }])
    )
  }

  #effective(name: string): Level {
    for (const key of upwards(keyOf(name))) {
      const level = this.#at(key)
      if (level !== undefined) return level
    }
    return this.#at(rootKey)!
  }

  #at(key: string): Level | undefined {
    return this.#configured.get(key)?.level ?? this.#defaultAt(key)
  }

  /** A default gives way to what is configured above it, and to a root that says more than the default would. */
  #defaultAt(key: string): Level | undefined {
    const entry = defaults.find(({ name }) => keyOf(name) === key)
    if (entry === undefined || key === rootKey) return entry?.level
    const isOverruled = upwards(key).some(above => above !== key && this.#configured.has(above))
    const root = this.#configured.get(rootKey)
    const rootSaysMore = root !== undefined && rankOf(root.level) < rankOf(entry.level)
    return isOverruled || rootSaysMore ? undefined : entry.level
  }
}

function keyOf(name: string): string {
  return name === '' ? 'root' : name.toLowerCase()
}

/** `a.b.c`, `a.b`, `a` */
function upwards(key: string): string[] {
  const keys = [key]
  for (let dot = key.lastIndexOf('.'); dot > 0; dot = key.lastIndexOf('.', dot - 1))
    keys.push(key.slice(0, dot))
  return keys
}
