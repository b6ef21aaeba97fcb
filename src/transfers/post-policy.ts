import { createHmac } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'

/** What a browser form may do. */
export interface FormPolicy {
  readonly bucket: string
  /** Fields that the form has to have, with exactly these values. */
  readonly fields: Readonly<Record<string, string>>
  readonly minBytes: number
  readonly maxBytes: number
  readonly expiresInS: number
  /** When it is signed, by the clock of the bucket. */
  readonly signedAt: Date
}

/**
 * The fields of a form with its policy and signature, as "Browser-Based Uploads Using POST (AWS Signature Version 4)" has
 * it: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html
 */
export async function signPolicy(
  { credentials, region }: S3Client['config'],
  policy: FormPolicy,
): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = await credentials()
  const now = policy.signedAt
  const date = now.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = [date.slice(0, 8), await region(), 's3', 'aws4_request']
  const fields = {
    ...policy.fields,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': [accessKeyId, ...scope].join('/'),
    'x-amz-date': date,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  }
  const document = Buffer.from(
    JSON.stringify({
      expiration: new Date(now.getTime() + policy.expiresInS * 1000).toISOString(),
      conditions: [
        { bucket: policy.bucket },
        ['content-length-range', policy.minBytes, policy.maxBytes],
        ...Object.entries(fields).map(([name, value]) => ['eq', `$${name}`, value]),
      ],
    }),
  ).toString('base64')
  const key = scope.reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secretAccessKey}`)
  return { ...fields, policy: document, 'x-amz-signature': hmac(key, document).toString('hex') }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
