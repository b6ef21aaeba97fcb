import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { callbackify } from 'node:util'
import type { ByteRange } from '../protocol/byte-range.ts'
import { type Blobs, SMALL_BYTES, truncated } from '../store/blobs.ts'
import { blobsOf, type ObjectRecord, type Piece, piecesOf } from '../store/object-record.ts'

const STREAM_BYTES = 256 * 1024

/** What is to be read of one file. */
interface Stretch extends ByteRange {
  readonly piece: Piece
}

/**
 * Opens a part of an object's bytes; `undefined` when they have just been removed. Whatever happens to the object
 * meanwhile, they are read to their end. Call it in the same turn in which the record was found.
 */
export async function readBody(
  blobs: Blobs,
  record: ObjectRecord,
  range: ByteRange,
): Promise<Buffer | Readable | undefined> {
  const stretches = stretchesOf(piecesOf(record), range)
  const [only] = stretches
  if (stretches.length > 1) return streamAll(blobs, stretches)
  if (only === undefined) return Buffer.alloc(0)
  if (only.piece.bytes <= SMALL_BYTES) {
    const whole = await blobs.readSmall(only.piece)
    return whole?.subarray(only.first, only.last + 1)
  }
  const file = await blobs.open(only.piece.blob)
  return file && streamStretch(file, only)
}

/** The failure of a read whose record is there and whose file is not. */
export function missingBlob(record: ObjectRecord): Error {
  return new Error(`A blob of a record is missing: ${blobsOf(record).join(', ')}`)
}

/** The files that hold a range, and which bytes of each. An empty object is one stretch of nothing. */
function stretchesOf(pieces: readonly Piece[], { first, last }: ByteRange): Stretch[] {
  const [only] = pieces
  if (only && pieces.length === 1) return [{ piece: only, first, last }]
  const stretches: Stretch[] = []
  let start = 0
  for (const piece of pieces) {
    const end = start + piece.bytes - 1
    if (end >= first && start <= last && piece.bytes > 0)
      stretches.push({ piece, first: Math.max(first, start) - start, last: Math.min(last, end) - start })
    start += piece.bytes
  }
  return stretches
}

/** The stream closes the file when it ends. */
async function streamStretch(file: FileHandle, { piece, first, last }: Stretch): Promise<Readable> {
  const { size } = await file.stat()
  if (size === piece.bytes)
    return file.createReadStream({ start: first, end: last, highWaterMark: STREAM_BYTES })
  await file.close()
  throw truncated(piece)
}

/** The files one after the other, one open at a time: an object may have ten thousand. */
function streamAll(blobs: Blobs, stretches: readonly Stretch[]): Readable {
  const release = blobs.hold(stretches.map(({ piece }) => piece.blob))
  return new HeldStream(readAll(blobs, stretches), release)
}

async function* readAll(blobs: Blobs, stretches: readonly Stretch[]): AsyncGenerator<Buffer, void> {
  for (const stretch of stretches) {
    const file = await blobs.open(stretch.piece.blob)
    if (file === undefined) throw new Error(`The blob ${stretch.piece.blob} of a record is missing`)
    for await (const chunk of await streamStretch(file, stretch)) yield asBuffer(chunk)
  }
}

function asBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk
  throw new TypeError('A file was read as text')
}

/** A stream of pieces that gives back what it holds when it ends or is given up, even if nobody ever read from it. */
class HeldStream extends Readable {
  readonly #next: (callback: (error: Error | null, piece: Buffer | null) => void) => void
  readonly #end: (callback: (error: Error | null) => void) => void

  constructor(pieces: AsyncGenerator<Buffer, void>, release: () => Promise<void>) {
    super({ highWaterMark: STREAM_BYTES })
    this.#next = callbackify(async () => (await pieces.next()).value ?? null)
    this.#end = callbackify(async () => {
      await pieces.return()
      await release()
    })
  }

  override _read(): void {
    this.#next((error, piece) => {
      if (error) this.destroy(error)
      else this.push(piece)
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#end((failure) => callback(error ?? failure))
  }
}
