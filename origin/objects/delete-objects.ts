import { children, type Element, isElement, malformedXml, readDocument, text } from '../body/read-document.ts'
import { requireIntegrity } from '../body/required-integrity.ts'
import type { OperationContext } from '../operation.ts'
import { checkWrite } from '../protocol/conditions.ts'
import { type Reply, xmlReply } from '../protocol/reply.ts'
import { element, type Xml, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { Bucket } from '../store/bucket.ts'

const MAX_OBJECTS = 1000

/** Removes up to a thousand objects; what fails for one is said in the answer and does not stop the others. */
export async function deleteObjects({ request, body, store }: OperationContext): Promise<Reply> {
  const bucket = store.getBucket(request.bucket)
  requireIntegrity(request.headers)
  const document = await readDocument(body, 'Delete')
  const targets = children(document ?? {}, 'Object').map(parseTarget)
  if (targets.length === 0 || targets.length > MAX_OBJECTS) throw malformedXml()
  const quiet = document !== undefined && text(document, 'Quiet')?.trim() === 'true'
  const results = await Promise.all(targets.map((target) => remove(bucket, target, quiet)))
  return xmlReply(xmlDocument('DeleteResult', results.flat()))
}

interface Target {
  readonly key: string
  readonly etag: string | undefined
  readonly versionId: string | undefined
}

function parseTarget(value: unknown): Target {
  const key = isElement(value) ? text(value, 'Key') : undefined
  if (!isElement(value) || key === undefined || key === '') throw malformedXml()
  const known = new Set(['Key', 'ETag', 'VersionId'])
  if (Object.keys(value).some((name) => !known.has(name) && name !== '#text')) throw notImplemented(value)
  return { key, etag: text(value, 'ETag'), versionId: text(value, 'VersionId') }
}

async function remove(bucket: Bucket, { key, etag, versionId }: Target, quiet: boolean): Promise<Xml[]> {
  try {
    if (versionId !== undefined && versionId !== 'null') throw notImplemented({ versionId })
    const conditions = new Map(etag === undefined ? [] : [['if-match', etag]])
    await bucket.delete(key, (current) => checkWrite(conditions, current))
    return quiet ? [] : [element('Deleted', [element('Key', key)])]
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    return [
      element('Error', [element('Key', key), element('Code', error.code), element('Message', error.message)]),
    ]
  }
}

function notImplemented(target: Element): S3Error {
  return new S3Error(
    'NotImplemented',
    `Not implemented in a DeleteObjects request: ${Object.keys(target).join(', ')}`,
  )
}
