import { type Readable, Transform, type TransformCallback } from 'node:stream'
import { crc32 } from 'node:zlib'
import { GatewayError } from '../errors.ts'
import { brokenAnswer } from '../storage/s3-errors.ts'
import { findMismatch } from '../storage/stamp.ts'
import type { OnProgress } from './transfers.ts'

/** What a body has to be. */
export interface Expectation {
  /** Exactly so many bytes. */
  readonly bytes: number
  /** Of the object, if the body is the whole of it: with our checksum, where it has one. */
  readonly metadata: Readonly<Record<string, string>>
  /** What an error of the source is to readers. */
  readonly translate: (error: unknown) => Error
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/** The same bytes as they come, with an error at the end where they are not what they should be. */
export function checkedBody(source: Readable, expected: Expectation): Readable {
  const { signal } = expected
  const body = new CheckedBody(expected)
  const leave = () => body.destroy(asError(signal?.reason))
  signal?.addEventListener('abort', leave, { once: true })
  if (signal?.aborted) leave()
  source.on('error', (error) => body.destroy(expected.translate(error)))
  body.once('close', () => {
    signal?.removeEventListener('abort', leave)
    source.destroy()
  })
  return source.pipe(body)
}

/** A range that begins behind the last byte. */
export function beyondEnd(cause?: unknown): GatewayError {
  return new GatewayError('range_not_satisfiable', 'The range begins behind the end', { cause })
}

class CheckedBody extends Transform {
  readonly #expected: Expectation
  #bytes = 0
  #crc = 0

  constructor(expected: Expectation) {
    super()
    this.#expected = expected
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += piece.length
    this.#crc = crc32(piece, this.#crc)
    const { bytes, onProgress } = this.#expected
    if (this.#bytes > bytes) return done(brokenAnswer(`more than the ${bytes} bytes announced`))
    onProgress?.(this.#bytes, bytes)
    done(null, piece)
  }

  override _flush(done: TransformCallback): void {
    const { bytes, metadata } = this.#expected
    if (this.#bytes !== bytes) return done(brokenAnswer(`${this.#bytes} bytes of the ${bytes} announced`))
    const corruption = findMismatch(this.#crc, metadata)
    done(corruption === undefined ? null : brokenAnswer(corruption))
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The caller left', { cause: reason })
}
