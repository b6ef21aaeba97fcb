/** CloudFront takes URLs of 8 KB and headers of 32 KB; escaped they grow to three times that. */
const MAX_LINE_BYTES = 128 * 1024

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Cuts a stream of bytes into lines, however long it is and wherever its chunks end. */
export class LineSplitter {
  readonly #maxBytes: number
  #rest: Buffer = Buffer.alloc(0)
  #isTooLong = false
  #dropped = 0

  constructor(maxBytes = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** Lines that were left out because they are too long. */
  get dropped(): number {
    return this.#dropped
  }

  /** The lines that end in this chunk, without their ends. */
  *push(chunk: Buffer): Generator<string> {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#finish(chunk.subarray(start, end))
      if (line !== undefined) yield line
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
  }

  /** What stands behind the last end of a line. */
  *end(): Generator<string> {
    const line = this.#finish(Buffer.alloc(0))
    if (line !== undefined && line !== '') yield line
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return
    this.#isTooLong ||= this.#rest.length + piece.length > this.#maxBytes
    // Copied: a piece would hold on to the whole chunk.
    this.#rest = this.#isTooLong ? Buffer.alloc(0) : Buffer.concat([this.#rest, piece])
  }

  #finish(piece: Buffer): string | undefined {
    const isTooLong = this.#isTooLong || this.#rest.length + piece.length > this.#maxBytes
    const whole = this.#rest.length === 0 || isTooLong ? piece : Buffer.concat([this.#rest, piece])
    this.#rest = Buffer.alloc(0)
    this.#isTooLong = false
    if (isTooLong) {
      this.#dropped += 1
      return undefined
    }
    const length = whole.at(-1) === CARRIAGE_RETURN ? whole.length - 1 : whole.length
    return whole.toString('utf8', 0, length)
  }
}
