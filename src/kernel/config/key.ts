/** Property names as people write them: case, `-` and `_` inside an element do not count. */
export function normaliseKey(key: string): string {
  return key.toLowerCase().replaceAll('-', '').replaceAll('_', '')
}

/** The form in which environment variables are compared: nothing but letters and digits count. */
export function normaliseEnvironmentName(name: string): string {
  return normaliseKey(name).replaceAll('.', '')
}

/** The documented form: dots and dashes become underscores. */
export function environmentName(name: string): string {
  return name.replace(/[.-]/g, '_').toUpperCase()
}

/** `a.b[c.d].e` is `a`, `b`, `[c.d]`, `e`. */
export function splitKey(key: string): string[] {
  const elements: string[] = []
  let start = 0
  let depth = 0
  const take = (end: number) => {
    if (end > start) elements.push(key.slice(start, end))
  }
  for (let i = 0; i < key.length; i++) {
    const character = key[i]
    if (character === '[' && depth++ === 0) {
      take(i)
      start = i
    } else if (character === ']' && depth > 0 && --depth === 0) {
      take(i + 1)
      start = i + 1
    } else if (character === '.' && depth === 0) {
      take(i)
      start = i + 1
    }
  }
  take(key.length)
  return elements
}

export function withoutBrackets(element: string): string {
  return element.startsWith('[') && element.endsWith(']') ? element.slice(1, -1) : element
}
