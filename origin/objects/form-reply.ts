import type { Reply } from '../protocol/reply.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { bareDocument } from '../protocol/xml.ts'
import type { ObjectRecord } from '../store/object-record.ts'
import { checksumHeaders } from './object-headers.ts'

/** What a browser gets for a form that was stored: a redirect, a document, or nothing but the status it asked for. */
export function formReply(
  fields: ReadonlyMap<string, string>,
  request: S3Request,
  record: ObjectRecord,
): Reply {
  const etag = `"${record.etag}"`
  const headers = { etag, ...checksumHeaders(record) }
  const redirect = redirectTo(fields, { bucket: request.bucket, key: record.key, etag })
  if (redirect !== undefined) return { status: 303, headers: { ...headers, location: redirect } }
  const location = `http://${request.sentHeaders.get('host') ?? ''}/${request.bucket}/${encodePath(record.key)}`
  const status = fields.get('success_action_status')
  if (status === '201') {
    const { bucket } = request
    return {
      status: 201,
      headers: { ...headers, location, 'content-type': 'application/xml' },
      body: bareDocument('PostResponse', { Location: location, Bucket: bucket, Key: record.key, ETag: etag }),
    }
  }
  return { status: status === '200' ? 200 : 204, headers: { ...headers, location } }
}

/** An address that cannot be understood counts as none, as S3 documents it; `redirect` is its old name. */
function redirectTo(
  fields: ReadonlyMap<string, string>,
  parameters: Readonly<Record<string, string>>,
): string | undefined {
  const text = fields.get('success_action_redirect') ?? fields.get('redirect') ?? ''
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
  return url.href
}

function encodePath(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/')
}
