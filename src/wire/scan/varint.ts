/** Bytes that `value`, a safe integer, takes as an int64. */
export function varintSize(value: number): number {
  if (value < 0) return 10
  let size = 1
  for (let rest = value; rest >= 128; rest /= 128) size++
  return size
}

/** Writes `value`, a safe integer, as an int64; returns the offset behind it. */
export function writeVarint(target: Buffer, value: number, offset: number): number {
  return value < 0 ? writeNegative(target, value, offset) : writePositive(target, value, offset)
}

function writePositive(target: Buffer, value: number, offset: number): number {
  let rest = value
  let at = offset
  while (rest > 0x7fffffff) {
    target[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at++] = rest
  return at
}

function writeNegative(target: Buffer, value: number, offset: number): number {
  let rest = BigInt.asUintN(64, BigInt(value))
  let at = offset
  for (; rest > 0x7fn; rest >>= 7n) target[at++] = Number(rest & 0x7fn) | 0x80
  target[at++] = Number(rest)
  return at
}
