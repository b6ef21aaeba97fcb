import { CHECKSUM_NAMES } from '../body/checksum-algorithms.ts'
import { isCombinable } from '../body/combine-crc.ts'
import { parseTaggingHeader } from '../tagging/tag-set.ts'
import type { OperationContext } from '../operation.ts'
import type { Reply } from '../protocol/reply.ts'
import { storedHeaders } from '../protocol/stored-headers.ts'
import { element, xmlDocument } from '../protocol/xml.ts'
import { S3Error } from '../s3-error.ts'
import type { UploadChecksum } from '../uploads/upload-record.ts'

/** Begins an upload in parts; what its headers say is said of the object that comes of it. */
export async function createMultipartUpload({ request, store }: OperationContext): Promise<Reply> {
  const bucket = store.getBucket(request.bucket)
  const checksum = uploadChecksum(request.headers)
  const headers = storedHeaders(request.headers)
  const tags = parseTaggingHeader(request.headers.get('x-amz-tagging'))
  const upload = await store.uploads.begin(bucket, {
    key: request.key,
    headers,
    ...(checksum && { checksum }),
    ...(tags && { tags }),
  })
  return {
    status: 200,
    headers: {
      'content-type': 'application/xml',
      ...(checksum && {
        'x-amz-checksum-algorithm': checksum.name.toUpperCase(),
        'x-amz-checksum-type': checksum.type,
      }),
    },
    body: xmlDocument('InitiateMultipartUploadResult', [
      element('Bucket', bucket.name),
      element('Key', request.key),
      element('UploadId', upload.id),
    ]),
  }
}

/** CRC64NVME is always of the whole object, SHA-1 and SHA-256 never are; the other CRCs are of either kind. */
function uploadChecksum(headers: ReadonlyMap<string, string>): UploadChecksum | undefined {
  const algorithm = headers.get('x-amz-checksum-algorithm')
  const asked = headers.get('x-amz-checksum-type')
  if (algorithm === undefined) {
    if (asked === undefined) return undefined
    throw refused('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.')
  }
  const name = CHECKSUM_NAMES.find((known) => known === algorithm.toLowerCase())
  if (name === undefined) {
    throw refused(
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    )
  }
  const type = asked ?? (name === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE')
  if (type === 'FULL_OBJECT' && isCombinable(name)) return { name, type }
  if (type === 'COMPOSITE' && name !== 'crc64nvme') return { name, type }
  throw refused(`The ${type} checksum type cannot be used with the ${name} checksum algorithm.`)
}

function refused(message: string): S3Error {
  return new S3Error('InvalidRequest', message)
}
