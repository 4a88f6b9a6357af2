/** 64 bits over everything that happened in a run: two runs of one seed must agree. */
export class TraceHash {
  #low = 0x811c9dc5
  #high = 0xc2b2ae35

  add(a: number, b = 0, c = 0, d = 0): void {
    this.#mix(a)
    this.#mix(b)
    this.#mix(c)
    this.#mix(d)
  }

  get hex(): string {
    return (this.#high >>> 0).toString(16).padStart(8, '0') + (this.#low >>> 0).toString(16).padStart(8, '0')
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ (value | 0), 0x01000193)
    this.#low ^= this.#low >>> 13
    this.#high = Math.imul(this.#high ^ this.#low, 0x5bd1e995)
    this.#high ^= this.#high >>> 15
  }
}
