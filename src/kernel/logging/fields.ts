const valueLengthMax = 8192
const secretNames = /^(password|secret|credentials|authorization|(access|admin|internal|system)-?token)$/i

/** Names that the record itself uses. */
const reserved = new Set(['timestamp', 'level', 'thread', 'logger', 'message', 'exception'])

/** Makes fields safe to write: one line each, bounded, no secrets, no payloads; an error becomes `exception`. */
export function safeFields(fields: object): Record<string, unknown> {
  const safe: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || typeof value === 'function') continue
    if (value instanceof Error && safe.exception === undefined) safe.exception = describeError(value)
    else if (secretNames.test(name)) safe[name] = '******'
    else safe[reserved.has(name) ? `${name}_` : name] = safeValue(value)
  }
  return safe
}

function safeValue(value: unknown): unknown {
  if (typeof value === 'string') return safeText(value)
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Error) return safeText(`${value.name}: ${value.message}`)
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  return value
}

/** Values may come from requests: whatever would end or forge a line becomes `_`. */
export function safeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '_')
  return line.length > valueLengthMax ? `${line.slice(0, valueLengthMax)}...` : line
}

const causesMax = 5

/** Name, code and message, then the stack, as Java prints it. */
function describeError(error: Error): string {
  const lines: string[] = []
  let current: unknown = error
  for (let depth = 0; current instanceof Error && depth < causesMax; depth++, current = current.cause) {
    const { code } = current as { code?: unknown }
    const title = `${current.name}${code === undefined ? '' : ` ${String(code)}`}: ${current.message}`
    lines.push(safeText(depth === 0 ? title : `Caused by: ${title}`), ...frames(current))
  }
  return lines.join('\n')
}

function frames({ stack = '' }: Error): string[] {
  return stack
    .split('\n')
    .filter(line => /^\s+at /.test(line))
    .map(line => `\t${safeText(line.trim())}`)
}
