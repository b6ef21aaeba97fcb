import { CopyObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { patient, type S3Bucket } from '../storage/s3-call.ts'
import { createS3Delete } from '../storage/s3-delete.ts'
import { brokenAnswer, isAbsent, isTaken } from '../storage/s3-errors.ts'
import { checkKey, stampCopy } from '../storage/stamp.ts'
import { createS3Download } from './s3-download.ts'
import { createS3Upload, type OnAbandoned } from './s3-upload.ts'
import type { CopyOptions, CopyResult, ObjectHeaders, Transfers } from './transfers.ts'
import { commandHeaders, quoted } from './write-headers.ts'

/** What the streams and copies of a bucket tell. */
export interface S3TransfersOptions {
  readonly onAbandoned: OnAbandoned
}

/** Streams and copies on a bucket behind the S3 protocol, over the sockets of its store. */
export function createS3Transfers(bucket: S3Bucket, { onAbandoned }: S3TransfersOptions): Transfers {
  const slow = patient(bucket)
  const copy = createS3Copy(slow)
  const remove = createS3Delete(bucket)

  async function move(from: string, to: string, moving: CopyOptions = {}): Promise<CopyResult> {
    if (from === to) throw new TypeError('An object cannot be moved to where it is')
    const ifMatch = moving.ifMatch ?? (await currentEtag(bucket, from, moving))
    if (ifMatch === undefined) return { outcome: 'absent' }
    const copied = await copy(from, to, { ...moving, ifMatch })
    if (copied.outcome === 'copied') await remove([from], { ifMatch, signal: moving.signal })
    return copied
  }

  return {
    upload: createS3Upload(slow, onAbandoned),
    download: createS3Download(bucket),
    copy,
    move,
  }
}

function createS3Copy(bucket: S3Bucket): Transfers['copy'] {
  return async function copy(from, to, options = {}) {
    checkKey(from)
    checkKey(to)
    const command = new CopyObjectCommand({
      Bucket: bucket.name,
      Key: to,
      CopySource: `${bucket.name}/${encodeKey(from)}`,
      CopySourceIfMatch: options.ifMatch,
      IfNoneMatch: options.ifNoneMatch,
      ...(options.headers !== undefined && replacement(options.headers)),
      ...bucket.encryption,
    })
    return bucket.call(options, async (sdk): Promise<CopyResult> => {
      try {
        const { CopyObjectResult } = await bucket.client.send(command, sdk)
        if (CopyObjectResult?.ETag === undefined) throw brokenAnswer('CopyObject answered without ETag')
        return { outcome: 'copied', etag: quoted(CopyObjectResult.ETag) }
      } catch (error) {
        if (isAbsent(error)) return { outcome: 'absent' }
        if (!isTaken(error) || !isConditional(options)) throw error
        return { outcome: await unmet(bucket, to, options) }
      }
    })
  }
}

/** The ETag that an object has now; `undefined` when there is none. */
async function currentEtag(
  bucket: S3Bucket,
  key: string,
  options: Pick<CopyOptions, 'signal'>,
): Promise<string | undefined> {
  return bucket.call(options, async (sdk) => {
    try {
      const { ETag } = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }), sdk)
      if (ETag === undefined) throw brokenAnswer('HeadObject answered without ETag')
      return ETag
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  })
}

const isConditional = ({ ifMatch, ifNoneMatch }: CopyOptions) =>
  ifMatch !== undefined || ifNoneMatch !== undefined

/** S3 does not say which of two conditions did not hold: an object at the destination is one that must not be there. */
async function unmet(bucket: S3Bucket, to: string, options: CopyOptions): Promise<'changed' | 'conflict'> {
  if (options.ifNoneMatch === undefined) return 'changed'
  if (options.ifMatch === undefined) return 'conflict'
  return (await currentEtag(bucket, to, options)) === undefined ? 'changed' : 'conflict'
}

function replacement(headers: ObjectHeaders) {
  return {
    MetadataDirective: 'REPLACE',
    ...commandHeaders(headers),
    Metadata: stampCopy(headers.metadata),
  } as const
}

// The SDK sends the source of a copy as it is given.
function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}
