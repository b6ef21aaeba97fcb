import { createHash, type Hash } from 'node:crypto'
import type { Identity } from '../auth/authenticator.ts'
import { EMPTY_SHA256, formatScope, isSameSignature, sign } from '../auth/signature-v4.ts'
import { S3Error } from '../s3-error.ts'

/** Checks the signatures of a body's chunks: each covers the one before it, the first covers the request's. */
export class ChunkVerifier {
  readonly #identity: Identity
  #previous: string
  #hash: Hash = createHash('sha256')

  constructor(identity: Identity) {
    this.#identity = identity
    this.#previous = identity.signature
  }

  update(piece: Buffer): void {
    this.#hash.update(piece)
  }

  /** Closes a chunk; throws `SignatureDoesNotMatch` when its signature is not the one that its bytes have. */
  endChunk(signature: string | undefined): void {
    const digest = this.#hash.digest('hex')
    this.#hash = createHash('sha256')
    this.#verify('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, digest], signature)
  }

  /** Checks the signature over the trailers, each as `name:value` and a line feed. */
  verifyTrailer(trailers: ReadonlyMap<string, string>, signature: string | undefined): void {
    const text = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('')
    const digest = createHash('sha256').update(text, 'latin1').digest('hex')
    this.#verify('AWS4-HMAC-SHA256-TRAILER', [digest], signature)
  }

  #verify(algorithm: string, digests: readonly string[], signature: string | undefined): void {
    const { timestamp, scope, signingKey } = this.#identity
    const text = [algorithm, timestamp, formatScope(scope), this.#previous, ...digests].join('\n')
    const expected = sign(signingKey, text)
    if (!isSameSignature(expected, signature ?? '')) {
      throw new S3Error(
        'SignatureDoesNotMatch',
        'The signature of a chunk of the body does not match its bytes.',
        {
          StringToSign: text,
        },
      )
    }
    this.#previous = expected
  }
}
