import { GatewayError } from '../errors.ts'

/** What a stream has to keep to. */
export interface Limits {
  /** Exactly so many bytes. */
  readonly bytes?: number | undefined
  readonly maxBytes?: number | undefined
}

/**
 * The bytes of a stream in buffers of `partBytes`, the last one shorter; a stream without bytes is one empty buffer.
 * Fails as soon as the stream is seen to break its limits.
 */
export async function* partsOf(
  body: AsyncIterable<unknown>,
  partBytes: number,
  limits: Limits = {},
): AsyncGenerator<Buffer> {
  const check = createCheck(limits)
  let pieces: Buffer[] = []
  let gathered = 0
  let given = 0
  for await (const piece of body) {
    let rest = toBuffer(piece)
    check.more(rest.length)
    while (gathered + rest.length >= partBytes) {
      const cut = partBytes - gathered
      yield Buffer.concat([...pieces, rest.subarray(0, cut)], partBytes)
      rest = rest.subarray(cut)
      pieces = []
      gathered = 0
      given += 1
    }
    if (rest.length > 0) pieces.push(rest)
    gathered += rest.length
  }
  check.end()
  if (gathered > 0 || given === 0) yield Buffer.concat(pieces, gathered)
}

/** Refuses what is known beforehand to be too long. */
export function checkLimits({ bytes, maxBytes = Infinity }: Limits): void {
  if (bytes !== undefined && bytes > maxBytes) throw tooLarge(maxBytes)
}

function createCheck({ bytes, maxBytes = Infinity }: Limits) {
  let seen = 0
  return {
    more(count: number): void {
      seen += count
      if (seen > maxBytes) throw tooLarge(maxBytes)
      if (bytes !== undefined && seen > bytes) throw otherLength(bytes)
    },
    end(): void {
      if (bytes !== undefined && seen !== bytes) throw otherLength(bytes)
    },
  }
}

const tooLarge = (maxBytes: number) =>
  new GatewayError('upload_too_large', `The file is larger than ${maxBytes} bytes`)

const otherLength = (bytes: number) =>
  new GatewayError('invalid_request', `The file is not of the ${bytes} bytes that were announced`)

function toBuffer(piece: unknown): Buffer {
  if (Buffer.isBuffer(piece)) return piece
  if (piece instanceof Uint8Array) return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
  throw new TypeError('A stream of bytes is expected')
}
