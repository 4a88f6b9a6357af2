import type { AppendOperation, LoggedValue } from './operation.js'

const HEADER_BYTES = 11
const NO_EXPECTATION = 0xffff_ffff
export const AGGREGATES = 6

/** `u32 operation, u8 aggregate, u8 count, u32 expected, u8 padding`, then padding bytes. */
export function encodeAppend(operation: number, request: AppendOperation, paddingBytes: number): Buffer {
  const data = Buffer.alloc(HEADER_BYTES + paddingBytes)
  data.writeUInt32BE(operation, 0)
  data.writeUInt8(request.aggregate, 4)
  data.writeUInt8(request.values.length, 5)
  data.writeUInt32BE(request.expected ?? NO_EXPECTATION, 6)
  return data
}

export function operationOf(data: Buffer): number {
  return data.readUInt32BE(0)
}

/** Values of an operation follow from its number, so they are unique. */
export function valuesOf(operation: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => operation * 8 + i)
}

export interface RegisterState {
  readonly length: number
  readonly index: number
  readonly digest: number
  readonly sequences: readonly number[]
  readonly values: readonly LoggedValue[]
}

export const EMPTY_REGISTER: RegisterState = {
  length: 0,
  index: 0,
  digest: 1,
  sequences: new Array<number>(AGGREGATES).fill(0),
  values: []
}

/** A small replicated state: an ordered list of unique values, each with the sequence number of its aggregate. */
export class Register {
  readonly values: LoggedValue[]
  readonly sequences: number[]
  index: number
  /** Equal index, equal digest (S10). */
  digest: number

  constructor(state: RegisterState) {
    this.values = state.values.slice(0, state.length)
    this.sequences = [...state.sequences]
    this.index = state.index
    this.digest = state.digest
  }

  /** The token of the first value; undefined when the demanded sequence number is another. */
  apply(index: number, data: Buffer): number | undefined {
    this.passed(index, data.length)
    const operation = operationOf(data)
    const aggregate = data.readUInt8(4)
    const expected = data.readUInt32BE(6)
    if (expected !== NO_EXPECTATION && expected !== this.sequences[aggregate]) return undefined
    const token = this.values.length
    for (const value of valuesOf(operation, data.readUInt8(5))) {
      const sequence = this.sequences[aggregate]!++
      this.values.push({ value, aggregate, sequence })
      this.#mix(value)
    }
    return token
  }

  /** An entry that changes nothing but the position. */
  passed(index: number, mark = 0): void {
    this.index = index
    this.#mix(index)
    this.#mix(mark)
  }

  /** Shares the list: it only grows. */
  state(): RegisterState {
    const { values, index, digest } = this
    return { length: values.length, index, digest, sequences: [...this.sequences], values }
  }

  #mix(value: number): void {
    this.digest = Math.imul(this.digest ^ value, 0x01000193)
    this.digest ^= this.digest >>> 15
  }
}
