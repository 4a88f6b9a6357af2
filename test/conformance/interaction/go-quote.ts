const ESCAPES: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v'
}
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes in double quotes as Go's %q writes them. */
export function goQuote(data: Buffer): string {
  let text = ''
  for (let at = 0; at < data.length; ) {
    const character = characterAt(data, at)
    if (character === undefined) {
      text += `\\x${hex(data[at]!, 2)}`
      at++
      continue
    }
    text += quoteCharacter(character)
    at += Buffer.byteLength(character)
  }
  return `"${text}"`
}

function quoteCharacter(character: string): string {
  const escaped = ESCAPES[character]
  if (escaped !== undefined) return escaped
  if (PRINTABLE.test(character)) return character
  const point = character.codePointAt(0)!
  if (point < 0x20 || point === 0x7f) return `\\x${hex(point, 2)}`
  return point < 0x10000 ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`
}

/** Undefined where the bytes are no UTF-8. */
function characterAt(data: Buffer, at: number): string | undefined {
  const first = data[at]!
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  try {
    const text = decoder.decode(data.subarray(at, at + length))
    return text.length === 1 || text.codePointAt(0)! > 0xffff ? text : undefined
  } catch {
    return undefined
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
