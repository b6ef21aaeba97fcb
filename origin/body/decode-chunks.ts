import { S3Error } from '../s3-error.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ChunkVerifier } from './chunk-verifier.ts'

/** What the decoding of an aws-chunked body needs, and where it leaves the trailers that came after it. */
export interface ChunkDecoding {
  readonly reader: ByteReader
  /** For signed chunks. */
  readonly verifier: ChunkVerifier | undefined
  /** Whether trailers were announced. */
  readonly trailer: boolean
  /** Filled when the body has been read to its end; names in lower case. */
  readonly trailers: Map<string, string>
}

const MAX_LINE_BYTES = 1024
const MAX_TRAILERS = 8

/** The payload of an aws-chunked body, piece by piece; throws as soon as a frame or a signature is wrong. */
export async function* decodeChunks(decoding: ChunkDecoding): AsyncGenerator<Buffer, void> {
  const { reader, verifier } = decoding
  for (;;) {
    const { bytes, signature } = parseChunkHead(await reader.line(MAX_LINE_BYTES))
    for (let left = bytes; left > 0; ) {
      const piece = await reader.some(left)
      left -= piece.length
      verifier?.update(piece)
      yield piece
    }
    verifier?.endChunk(signature)
    if (bytes === 0) break
    if ((await reader.line(MAX_LINE_BYTES)) !== '') throw malformedChunk()
  }
  await readTrailers(decoding)
}

function parseChunkHead(line: string | undefined): { bytes: number; signature: string | undefined } {
  const match = /^([0-9a-fA-F]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line ?? '')
  if (match === null) throw line === undefined ? missingChunk() : malformedChunk()
  return { bytes: Number.parseInt(match[1] ?? '', 16), signature: match[2] }
}

async function readTrailers({ reader, verifier, trailer, trailers }: ChunkDecoding): Promise<void> {
  let signature: string | undefined
  for (let count = 0; count <= MAX_TRAILERS; count += 1) {
    const line = await reader.line(MAX_LINE_BYTES)
    if (line === undefined || line === '') break
    const colon = line.indexOf(':')
    if (!trailer || colon < 1 || count === MAX_TRAILERS) {
      throw new S3Error(
        'MalformedTrailerError',
        'The request contained trailing data that was not well-formed',
      )
    }
    const name = line.slice(0, colon).trim().toLowerCase()
    if (name === 'x-amz-trailer-signature') signature = line.slice(colon + 1).trim()
    else trailers.set(name, line.slice(colon + 1).trim())
  }
  if (trailer) verifier?.verifyTrailer(trailers, signature)
}

function malformedChunk(): S3Error {
  return new S3Error('InvalidRequest', 'The aws-chunked body is not well-formed')
}

function missingChunk(): S3Error {
  return new S3Error('IncompleteBody', 'The aws-chunked body ended before its last chunk')
}
