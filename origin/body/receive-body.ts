import { createHash } from 'node:crypto'
import type { Identity } from '../auth/authenticator.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { S3Error } from '../s3-error.ts'
import { ByteReader, incomplete } from './byte-reader.ts'
import { type Checksum, type ChecksumName, createChecksum } from './checksum-algorithms.ts'
import { ChunkVerifier } from './chunk-verifier.ts'
import { checkValue, declaredIntegrity, type DeclaredIntegrity } from './declared-integrity.ts'
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
export interface ReceivedBody {
  readonly bytes: number
  readonly md5: Buffer
  /** The checksum that the client sent, in base64. */
  readonly checksum: { readonly name: ChecksumName; readonly value: string } | undefined
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
  const declared = declaredIntegrity(headers)
  const digests = beginDigests(form, declared)
  const trailers = new Map<string, string>()
  let bytes = 0
  for await (const piece of decoded(body, form, trailers)) {
    bytes += piece.length
    if (bytes > length) throw incomplete()
    for (const digest of Object.values(digests)) digest?.update(piece)
    await sink(piece)
  }
  if (bytes !== length) throw incomplete()
  return { bytes, ...verify(digests, form, declared, trailers) }
}

interface Digests {
  readonly md5: Checksum
  readonly sha256: Checksum | undefined
  readonly checksum: Checksum | undefined
}

function beginDigests(form: PayloadForm, { checksum }: DeclaredIntegrity): Digests {
  const hashed = form.kind === 'plain' && form.sha256 !== undefined
  const md5 = createHash('md5')
  return {
    md5: { update: (piece) => void md5.update(piece), digest: () => md5.digest() },
    sha256: hashed ? createChecksum('sha256') : undefined,
    checksum: checksum && createChecksum(checksum.name),
  }
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

function verify(
  digests: Digests,
  form: PayloadForm,
  declared: DeclaredIntegrity,
  trailers: ReadonlyMap<string, string>,
): Omit<ReceivedBody, 'bytes'> {
  const md5 = digests.md5.digest()
  if (declared.md5 !== undefined && !Buffer.from(declared.md5, 'base64').equals(md5)) {
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
  }
  const sha256 = digests.sha256?.digest().toString('hex')
  if (form.kind === 'plain' && form.sha256 !== sha256) {
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
  }
  return { md5, checksum: verifyChecksum(digests.checksum, declared, trailers) }
}

function verifyChecksum(
  digest: Checksum | undefined,
  { checksum }: DeclaredIntegrity,
  trailers: ReadonlyMap<string, string>,
): ReceivedBody['checksum'] {
  if (digest === undefined || checksum === undefined) return undefined
  const value = checksum.value ?? trailers.get(`x-amz-checksum-${checksum.name}`)
  if (value === undefined) {
    throw new S3Error('MalformedTrailerError', 'The trailer that x-amz-trailer announced is missing')
  }
  checkValue(checksum.name, value)
  if (digest.digest().toString('base64') !== value) {
    const name = checksum.name.toUpperCase()
    throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`)
  }
  return { name: checksum.name, value }
}

function tooLarge(bytes: number, maxBytes: number): S3Error {
  return new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
    ProposedSize: String(bytes),
    MaxSizeAllowed: String(maxBytes),
  })
}
