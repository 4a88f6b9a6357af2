/** Where one record with entries stands. */
export interface RecordPlace {
  readonly serial: number
  readonly position: number
  readonly length: number
}

export interface EntryRun extends RecordPlace {
  readonly firstIndex: number
  readonly count: number
}

const INITIAL_SLOTS = 16

/** The records that hold a group's entries, in columns: a long log costs the garbage collector a handful of arrays. */
export class RunList {
  #firstIndex = new Float64Array(INITIAL_SLOTS)
  #position = new Float64Array(INITIAL_SLOTS)
  #serial = new Uint32Array(INITIAL_SLOTS)
  #count = new Uint32Array(INITIAL_SLOTS)
  #length = new Uint32Array(INITIAL_SLOTS)
  #head = 0
  #end = 0
  #bytes = 0

  get size(): number {
    return this.#end - this.#head
  }

  /** Bytes of all records. */
  get bytes(): number {
    return this.#bytes
  }

  get firstIndex(): number | undefined {
    return this.size === 0 ? undefined : this.#firstIndex[this.#head]
  }

  get firstSerial(): number | undefined {
    return this.size === 0 ? undefined : this.#serial[this.#head]
  }

  push(firstIndex: number, count: number, place: RecordPlace): void {
    if (this.#end === this.#firstIndex.length) this.#makeRoom()
    const slot = this.#end++
    this.#firstIndex[slot] = firstIndex
    this.#count[slot] = count
    this.#serial[slot] = place.serial
    this.#position[slot] = place.position
    this.#length[slot] = place.length
    this.#bytes += place.length
  }

  /** The run that holds an index. */
  find(index: number): EntryRun | undefined {
    let low = this.#head
    let high = this.#end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#firstIndex[middle]! <= index) low = middle + 1
      else high = middle
    }
    const slot = low - 1
    if (slot < this.#head || index > this.#lastIndex(slot)) return undefined
    return {
      firstIndex: this.#firstIndex[slot]!,
      count: this.#count[slot]!,
      serial: this.#serial[slot]!,
      position: this.#position[slot]!,
      length: this.#length[slot]!
    }
  }

  /** Forgets all entries from an index on. */
  dropFrom(index: number): void {
    while (this.size > 0 && this.#firstIndex[this.#end - 1]! >= index)
      this.#bytes -= this.#length[--this.#end]!
    const last = this.#end - 1
    if (this.size > 0 && this.#lastIndex(last) >= index) this.#count[last] = index - this.#firstIndex[last]!
  }

  /** Forgets the runs that hold nothing behind an index. */
  dropThrough(index: number): void {
    while (this.size > 0 && this.#lastIndex(this.#head) <= index) this.#bytes -= this.#length[this.#head++]!
    if (this.size === 0) this.clear()
  }

  clear(): void {
    this.#head = 0
    this.#end = 0
    this.#bytes = 0
  }

  #lastIndex(slot: number): number {
    return this.#firstIndex[slot]! + this.#count[slot]! - 1
  }

  /** Moves what is there to the front, into larger columns when more than half of them is in use. */
  #makeRoom(): void {
    const { size } = this
    const slots = size > this.#firstIndex.length / 2 ? this.#firstIndex.length * 2 : this.#firstIndex.length
    this.#firstIndex = moved(this.#firstIndex, new Float64Array(slots), this.#head, this.#end)
    this.#position = moved(this.#position, new Float64Array(slots), this.#head, this.#end)
    this.#serial = moved(this.#serial, new Uint32Array(slots), this.#head, this.#end)
    this.#count = moved(this.#count, new Uint32Array(slots), this.#head, this.#end)
    this.#length = moved(this.#length, new Uint32Array(slots), this.#head, this.#end)
    this.#head = 0
    this.#end = size
  }
}

function moved<T extends Float64Array | Uint32Array>(from: T, to: T, head: number, end: number): T {
  to.set(from.subarray(head, end))
  return to
}
