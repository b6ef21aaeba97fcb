import type { Readable } from 'node:stream'
import type { Authenticator } from '../auth/authenticator.ts'
import { BodyDigests } from '../body/body-digests.ts'
import { declaredIntegrity } from '../body/declared-integrity.ts'
import { parseDocument } from '../body/read-document.ts'
import { type Form, readForm } from '../body/read-form.ts'
import { type ReceivedBody, tooLarge } from '../body/receive-body.ts'
import { formHeaders } from '../protocol/form-headers.ts'
import { checkPolicy, parsePostPolicy, type PostPolicy } from '../protocol/post-policy.ts'
import type { Reply } from '../protocol/reply.ts'
import type { S3Request } from '../protocol/s3-request.ts'
import { refuseUnsupported } from '../protocol/unsupported-headers.ts'
import { S3Error } from '../s3-error.ts'
import type { Tag } from '../store/object-record.ts'
import type { Store } from '../store/store.ts'
import { formKey } from './form-key.ts'
import { formReply } from './form-reply.ts'
import { MAX_BYTES, storeUpload, type Upload } from './put-object.ts'
import { parseTagging } from '../tagging/tag-set.ts'

/** What a form needs: its proof is in its fields, so it comes unverified. */
export interface FormContext {
  readonly request: S3Request
  /** The bytes as they come; a client that waits for it is told to go on. */
  readonly open: () => Readable
  readonly store: Store
  readonly authenticator: Authenticator
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What a form may need beside its file: fields, boundaries, what follows the file and is ignored. */
const MAX_FORM_BYTES = MAX_BYTES + 1024 ** 2

/** Whether a request is a browser's form: one that is not signed as a whole, to the bucket itself. */
export function isFormUpload({ method, bucket, key, query, sentHeaders }: S3Request): boolean {
  const isForm = /^multipart\/form-data\b/i.test(sentHeaders.get('content-type') ?? '')
  return (
    isForm &&
    method === 'POST' &&
    bucket !== '' &&
    key === '' &&
    query.size === 0 &&
    !sentHeaders.has('authorization')
  )
}

/** Stores the file of a form, if the policy in the form allows it, its signer is known and the file keeps to it. */
export async function postObject({ request, open, store, authenticator, now }: FormContext): Promise<Reply> {
  checkLength(request)
  return readForm(open(), request.sentHeaders.get('content-type') ?? '', async (form) => {
    authenticator.authenticateForm(form.fields)
    const policy = parsePostPolicy(form.fields.get('policy') ?? '')
    const key = formKey(form)
    // The bucket is what the form was sent to, whatever a field says: a policy for another one is of no use here.
    checkPolicy(policy, new Map([...form.fields, ['bucket', request.bucket], ['key', key]]), now())
    const headers = formHeaders(form.fields)
    refuseUnsupported(headers)
    const tags = formTags(form.fields.get('tagging'))
    const receive: Upload['receive'] = async (sink) => receiveFile(form, policy, headers, sink)
    const record = await storeUpload(store, { bucket: request.bucket, key, headers, tags, receive })
    return formReply(form.fields, request, record)
  })
}

/** A form brings its tags as a document, where a PUT has a header. */
function formTags(field: string | undefined): Tag[] | undefined {
  return field === undefined ? undefined : parseTagging(parseDocument(field, 'Tagging'))
}

function checkLength({ headers }: S3Request): void {
  const length = headers.get('content-length')
  if (length === undefined || !/^\d{1,15}$/.test(length)) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.')
  }
  if (Number(length) > MAX_FORM_BYTES) throw tooLarge(Number(length), MAX_BYTES)
}

async function receiveFile(
  { file }: Form,
  policy: PostPolicy,
  headers: ReadonlyMap<string, string>,
  sink: (piece: Buffer) => Promise<void> | void,
): Promise<ReceivedBody> {
  const digests = new BodyDigests(declaredIntegrity(headers))
  const maxBytes = Math.min(policy.maxBytes, MAX_BYTES)
  let bytes = 0
  for await (const piece of file) {
    bytes += piece.length
    if (bytes > maxBytes) throw tooLarge(bytes, maxBytes)
    digests.update(piece)
    await sink(piece)
  }
  if (bytes < policy.minBytes) {
    throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      ProposedSize: String(bytes),
      MinSizeAllowed: String(policy.minBytes),
    })
  }
  return { bytes, ...digests.verify() }
}
