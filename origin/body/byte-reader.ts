import { S3Error } from '../s3-error.ts'

/** Reads lines and stretches of bytes from a stream of chunks, without ever holding more than one chunk and one line. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>
  #pending: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** The next bytes, at least one and at most `limit`; throws `IncompleteBody` at the end. */
  async some(limit: number): Promise<Buffer> {
    if (this.#pending.length === 0 && !(await this.#fill())) throw incomplete()
    const piece = this.#pending.subarray(0, limit)
    this.#pending = this.#pending.subarray(piece.length)
    return piece
  }

  /** The next line without its CRLF; `undefined` at the end of the stream. Longer ones are refused. */
  async line(limit: number): Promise<string | undefined> {
    let end = this.#pending.indexOf('\r\n')
    while (end === -1) {
      if (this.#pending.length > limit) throw tooLong()
      if (!(await this.#fill())) return this.#lastLine()
      end = this.#pending.indexOf('\r\n')
    }
    if (end > limit) throw tooLong()
    const line = this.#pending.toString('latin1', 0, end)
    this.#pending = this.#pending.subarray(end + 2)
    return line
  }

  #lastLine(): undefined {
    if (this.#pending.length > 0) throw incomplete()
    return undefined
  }

  async #fill(): Promise<boolean> {
    const next = await this.#source.next()
    if (next.done === true) return false
    this.#pending = this.#pending.length === 0 ? next.value : Buffer.concat([this.#pending, next.value])
    return true
  }
}

/** The refusal of a body that ended before its announced length. */
export function incomplete(): S3Error {
  return new S3Error(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header.',
  )
}

function tooLong(): S3Error {
  return new S3Error('InvalidRequest', 'A line of the aws-chunked body is too long')
}
