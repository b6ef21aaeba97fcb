import { createHash } from 'node:crypto'
import { S3Error } from '../s3-error.ts'
import { type Checksum, type ChecksumName, createChecksum } from './checksum-algorithms.ts'
import { checkValue, type DeclaredIntegrity } from './declared-integrity.ts'

/** What the bytes of a body come to, once they have been found to be the declared ones. */
export interface VerifiedDigests {
  readonly md5: Buffer
  /** The checksum that the client sent, in base64. */
  readonly checksum: { readonly name: ChecksumName; readonly value: string } | undefined
}

/** The digests of a body in the making, and what they must turn out to be. */
export class BodyDigests {
  readonly #declared: DeclaredIntegrity
  readonly #expectedSha256: string | undefined
  readonly #md5 = createHash('md5')
  readonly #sha256: Checksum | undefined
  readonly #checksum: Checksum | undefined

  /** `sha256`: the hash that was signed, in hex; none when the bytes themselves are not signed. */
  constructor(declared: DeclaredIntegrity, sha256?: string) {
    this.#declared = declared
    this.#expectedSha256 = sha256
    this.#sha256 = sha256 === undefined ? undefined : createChecksum('sha256')
    this.#checksum = declared.checksum && createChecksum(declared.checksum.name)
  }

  update(piece: Buffer): void {
    this.#md5.update(piece)
    this.#sha256?.update(piece)
    this.#checksum?.update(piece)
  }

  /** Throws `BadDigest` or another refusal unless the bytes were those that the request declared. */
  verify(trailers: ReadonlyMap<string, string> = new Map()): VerifiedDigests {
    const md5 = this.#md5.digest()
    const declaredMd5 = this.#declared.md5
    if (declaredMd5 !== undefined && !Buffer.from(declaredMd5, 'base64').equals(md5)) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
    }
    if (this.#expectedSha256 !== this.#sha256?.digest().toString('hex')) {
      throw new S3Error(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      )
    }
    return { md5, checksum: this.#verifyChecksum(trailers) }
  }

  #verifyChecksum(trailers: ReadonlyMap<string, string>): VerifiedDigests['checksum'] {
    const { checksum } = this.#declared
    if (this.#checksum === undefined || checksum === undefined) return undefined
    const value = checksum.value ?? trailers.get(`x-amz-checksum-${checksum.name}`)
    if (value === undefined) {
      throw new S3Error('MalformedTrailerError', 'The trailer that x-amz-trailer announced is missing')
    }
    checkValue(checksum.name, value)
    if (this.#checksum.digest().toString('base64') !== value) {
      const name = checksum.name.toUpperCase()
      throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`)
    }
    return { name: checksum.name, value }
  }
}
