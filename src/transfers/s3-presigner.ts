import {
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { EncryptionHeaders, S3Bucket } from '../storage/s3-call.ts'
import { checkKey, stampUnread } from '../storage/stamp.ts'
import { signPolicy } from './post-policy.ts'
import type { Presigner, Signable } from './transfers.ts'
import { commandHeaders, wireHeaders } from './write-headers.ts'

type Headers = Readonly<Record<string, string>>

const maxExpiryS = 7 * 24 * 3600

/** Permissions at the endpoint of the bucket, or at another one by which clients reach it. */
export function createS3Presigner(bucket: S3Bucket, publicEndpoint?: string): Presigner {
  const there = { ...bucket, client: clientAt(bucket.client, publicEndpoint) }
  return {
    form: (what) => signForm(there, what),
    put: (what) => signPut(there, what),
    part: async (what) => {
      check(what)
      const { key: Key, uploadId: UploadId, partNumber: PartNumber, bytes: ContentLength } = what
      const input = { Bucket: bucket.name, Key, UploadId, PartNumber, ContentLength }
      return { method: 'PUT', url: await presign(there, new UploadPartCommand(input), what), headers: {} }
    },
    get: async (what) => {
      check(what)
      const { key: Key, contentDisposition: ResponseContentDisposition } = what
      const input = { Bucket: bucket.name, Key, ResponseContentDisposition }
      return { method: 'GET', url: await presign(there, new GetObjectCommand(input), what), headers: {} }
    },
  }
}

async function signForm(
  bucket: S3Bucket,
  what: Parameters<Presigner['form']>[0],
): ReturnType<Presigner['form']> {
  check(what)
  // In a form this stands for the name of the file, which the client chooses.
  if (what.key.includes('${filename}')) throw new TypeError('The key of a form is to be exact')
  const metadata = stampUnread(what.metadata)
  const fields = { key: what.key, ...wireHeaders(what, metadata), ...encryptionFields(bucket.encryption) }
  // A form goes to the address of the bucket, which a signed URL has in front of its query.
  const url = await presign(bucket, new HeadBucketCommand({ Bucket: bucket.name }), what)
  const { minBytes, maxBytes, expiresInS } = what
  const policy = { bucket: bucket.name, fields, minBytes, maxBytes, expiresInS, signedAt: timeAt(bucket) }
  const signed = await bucket.call({}, () => signPolicy(bucket.client.config, policy))
  return { url: url.replace(/\?.*/, ''), fields: signed }
}

async function signPut(
  bucket: S3Bucket,
  what: Parameters<Presigner['put']>[0],
): ReturnType<Presigner['put']> {
  check(what)
  const metadata = stampUnread(what.metadata)
  const mayOverwrite = what.overwrites === true
  const headers = {
    ...wireHeaders(what, metadata),
    ...encryptionFields(bucket.encryption),
    ...(!mayOverwrite && { 'if-none-match': '*' }),
  }
  const command = new PutObjectCommand({
    Bucket: bucket.name,
    Key: what.key,
    ContentLength: what.bytes,
    ...commandHeaders(what),
    Metadata: metadata,
    ...bucket.encryption,
    IfNoneMatch: mayOverwrite ? undefined : '*',
  })
  return { method: 'PUT', url: await presign(bucket, command, what, headers), headers }
}

async function presign<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  bucket: S3Bucket,
  command: Parameters<typeof getSignedUrl<ServiceInputTypes, Input, Output>>[1],
  { expiresInS }: Pick<Signable, 'expiresInS'>,
  headers: Headers = {},
): Promise<string> {
  const names = Object.keys(headers)
  // By itself the SDK signs neither Content-Type nor Cache-Control, and moves metadata to the query, where a browser
  // form of the same request could not follow: all of them are headers here, and signed.
  const which = { signableHeaders: new Set(names), unhoistableHeaders: new Set(names) }
  const when = { signingDate: timeAt(bucket), expiresIn: expiresInS }
  return bucket.call({}, () => getSignedUrl(bucket.client, command, { ...when, ...which }))
}

/** The time by the clock of the bucket, which judges what is signed; by ours as long as nothing is known of that. */
function timeAt({ clockSkewMs }: S3Bucket): Date {
  return new Date(Date.now() + (clockSkewMs() ?? 0))
}

/** The same client at another address; nothing is ever sent by it. */
function clientAt(client: S3Client, endpoint: string | undefined): S3Client {
  if (endpoint === undefined) return client
  const { region, credentials, forcePathStyle, requestHandler } = client.config
  return new S3Client({
    endpoint,
    region,
    credentials,
    forcePathStyle: forcePathStyle === true,
    requestHandler,
    // Else a URL would carry the checksum of a body that is not known yet.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

function encryptionFields(encryption: EncryptionHeaders): Record<string, string> {
  const prefix = 'x-amz-server-side-encryption'
  const { ServerSideEncryption: algorithm, SSEKMSKeyId: keyId, BucketKeyEnabled: bucketKey } = encryption
  return {
    ...(algorithm !== undefined && { [prefix]: algorithm }),
    ...(keyId !== undefined && { [`${prefix}-aws-kms-key-id`]: keyId }),
    ...(bucketKey !== undefined && { [`${prefix}-bucket-key-enabled`]: String(bucketKey) }),
  }
}

function check({ key, expiresInS }: Signable): void {
  checkKey(key)
  if (!Number.isInteger(expiresInS) || expiresInS < 1 || expiresInS > maxExpiryS)
    throw new TypeError(`A permission lasts from 1 to ${maxExpiryS} seconds, not ${expiresInS}`)
}
