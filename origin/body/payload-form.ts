import { S3Error } from '../s3-error.ts'

/** How a body travels, as `x-amz-content-sha256` says. */
export type PayloadForm =
  | { readonly kind: 'plain'; readonly sha256?: string }
  | { readonly kind: 'chunked'; readonly signed: boolean; readonly trailer: boolean }

const CHUNKED: ReadonlyMap<string, PayloadForm> = new Map([
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { kind: 'chunked', signed: false, trailer: true }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { kind: 'chunked', signed: true, trailer: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { kind: 'chunked', signed: true, trailer: true }],
])

/** Reads the value of `x-amz-content-sha256`; throws when it is none that is known. */
export function parsePayloadForm(value: string): PayloadForm {
  const chunked = CHUNKED.get(value)
  if (chunked) return chunked
  if (value === 'UNSIGNED-PAYLOAD') return { kind: 'plain' }
  if (/^[0-9a-f]{64}$/.test(value)) return { kind: 'plain', sha256: value }
  if (value.startsWith('STREAMING-'))
    throw new S3Error('NotImplemented', `The payload form ${value} is not implemented`)
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.',
    { ArgumentName: 'x-amz-content-sha256' },
  )
}
