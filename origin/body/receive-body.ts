import type { Identity } from '../auth/authenticator.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { S3Error } from '../s3-error.ts'
import { BodyDigests, type VerifiedDigests } from './body-digests.ts'
import { ByteReader, incomplete } from './byte-reader.ts'
import { ChunkVerifier } from './chunk-verifier.ts'
import { declaredIntegrity } from './declared-integrity.ts'
import { decodeChunks } from './decode-chunks.ts'
import { parsePayloadForm, type PayloadForm } from './payload-form.ts'

/** A request whose body is still to be read. */
export interface IncomingBody {
  readonly request: S3Request
  readonly identity: Identity
  /** The bytes as they come; the first call tells a client that waits for it to go on. */
  readonly open: () => AsyncIterable<Buffer>
}

/** What is known of a body that has been read to its end and agrees with all that the request said of it. */
export interface ReceivedBody extends VerifiedDigests {
  readonly bytes: number
}

/** Reads a body into `sink`, decoded; throws when it is too long, too short, or not what was signed and declared. */
export async function receiveBody(
  body: IncomingBody,
  maxBytes: number,
  sink: (piece: Buffer) => Promise<void> | void,
): Promise<ReceivedBody> {
  const { headers } = body.request
  const form = parsePayloadForm(body.identity.payloadHash)
  const length = announcedLength(headers, form)
  if (length > maxBytes) throw tooLarge(length, maxBytes)
  const digests = new BodyDigests(declaredIntegrity(headers), form.kind === 'plain' ? form.sha256 : undefined)
  const trailers = new Map<string, string>()
  let bytes = 0
  for await (const piece of decoded(body, form, trailers)) {
    bytes += piece.length
    if (bytes > length) throw incomplete()
    digests.update(piece)
    await sink(piece)
  }
  if (bytes !== length) throw incomplete()
  return { bytes, ...digests.verify(trailers) }
}

function decoded(
  body: IncomingBody,
  form: PayloadForm,
  trailers: Map<string, string>,
): AsyncIterable<Buffer> {
  if (form.kind === 'plain') return body.open()
  const verifier = form.signed ? new ChunkVerifier(body.identity) : undefined
  return decodeChunks({ reader: new ByteReader(body.open()), verifier, trailer: form.trailer, trailers })
}

function announcedLength(headers: ReadonlyMap<string, string>, form: PayloadForm): number {
  const chunked = form.kind === 'chunked'
  if (!chunked && /\baws-chunked\b/i.test(headers.get('content-encoding') ?? '')) {
    throw new S3Error(
      'InvalidRequest',
      'Content-Encoding: aws-chunked needs a STREAMING-… value of x-amz-content-sha256',
    )
  }
  const text = headers.get(chunked ? 'x-amz-decoded-content-length' : 'content-length')
  if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text)
  // A request without a body has neither a length nor chunks: GET and DELETE never come here, POST and PUT may.
  if (text === undefined && !chunked && !headers.has('transfer-encoding')) return 0
  throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.')
}

/** The refusal of a body that is longer than it may be. */
export function tooLarge(bytes: number, maxBytes: number): S3Error {
  return new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
    ProposedSize: String(bytes),
    MaxSizeAllowed: String(maxBytes),
  })
}
