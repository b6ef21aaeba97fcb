import { type _Error, DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3'
import { GatewayError } from '../errors.ts'
import type { CallOptions, DeleteOptions, ObjectStore } from './object-store.ts'
import { batchesOf, checkDelete, inParallel } from './batches.ts'
import { codeOf, isAbsent, statusOf } from './s3-errors.ts'
import type { S3Bucket } from './s3-call.ts'
import { checkKey } from './stamp.ts'

const singlesAtOnce = 16

/** How stores refuse DeleteObjects: they want Content-MD5, which the SDK no longer sends, or do not know the call. */
const refusals = new Set<string | undefined>([
  'MissingContentMD5',
  'InvalidRequest',
  'InvalidDigest',
  'NotImplemented',
  'MethodNotAllowed',
])

/** XML 1.0, the body of DeleteObjects, has no way to write these. */
const notInXml = /[\p{Cc}\uFFFE\uFFFF]/u

/** The `delete` of a bucket: by the thousand, or one by one where the store cannot; which of them is remembered. */
export function createS3Delete(bucket: S3Bucket): ObjectStore['delete'] {
  let canBatch = true

  async function deleteTogether(keys: readonly string[], options?: CallOptions): Promise<boolean> {
    if (!canBatch || keys.length === 1) return false
    try {
      await deleteBatch(bucket, keys, options)
      return true
    } catch (error) {
      if (!isRefusal(error)) throw error
      canBatch = false
      return false
    }
  }

  return async function deleteKeys(keys, options) {
    for (const key of keys) checkKey(key)
    checkDelete(keys, options)
    const deleteSingly = (keys: readonly string[]) =>
      inParallel(singlesAtOnce, keys, (key) => deleteOne(bucket, key, options))
    await deleteSingly(keys.filter((key) => notInXml.test(key)))
    for (const batch of batchesOf(keys.filter((key) => !notInXml.test(key)))) {
      if (!(await deleteTogether(batch, options))) await deleteSingly(batch)
    }
  }
}

async function deleteOne(bucket: S3Bucket, key: string, options?: DeleteOptions): Promise<void> {
  await bucket.call(options, async (sdk) => {
    const send = async (IfMatch?: string) =>
      bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key, IfMatch }), sdk)
    try {
      await send(options?.ifMatch)
    } catch (error) {
      if (isAbsent(error)) return
      if (options?.ifMatch === undefined) throw error
      if (statusOf(error) === 412) return
      // The store does not know conditional deletes, and says so instead of leaving the condition out.
      if (statusOf(error) !== 501) throw error
      await send()
    }
  })
}

async function deleteBatch(bucket: S3Bucket, keys: readonly string[], options?: CallOptions): Promise<void> {
  const wanted = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
  await bucket.call(options, async (sdk) => {
    const command = new DeleteObjectsCommand({ Bucket: bucket.name, Delete: wanted })
    const { Errors = [] } = await bucket.client.send(command, sdk)
    const failed = Errors.filter((error) => error.Code !== 'NoSuchKey')
    if (failed.length > 0) throw partialFailure(failed)
  })
}

function isRefusal(error: unknown): boolean {
  return error instanceof GatewayError && refusals.has(codeOf(error.cause))
}

function partialFailure(errors: readonly _Error[]): GatewayError {
  const denied = errors.some((error) => error.Code === 'AccessDenied')
  const first = errors.slice(0, 5).map((error) => `${error.Key}: ${error.Code} ${error.Message ?? ''}`)
  return new GatewayError(
    denied ? 'bucket_refused' : 'bucket_unreachable',
    'Not everything could be deleted from the bucket',
    { cause: new Error(`${errors.length} keys not deleted: ${first.join('; ')}`) },
  )
}
