import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client, type _Error } from '@aws-sdk/client-s3'
import { GatewayError } from '../errors.ts'
import type { CallOptions, ObjectStore } from './object-store.ts'
import { batchesOf, inParallel } from './batches.ts'
import { codeOf, isAbsent } from './s3-errors.ts'
import type { Call } from './s3-call.ts'
import { checkKey } from './stamp.ts'

const singlesAtOnce = 16

/** How stores refuse DeleteObjects: they want Content-MD5, which the SDK no longer sends, or do not know the call. */
const refusals: readonly (string | undefined)[] = [
  'MissingContentMD5',
  'InvalidRequest',
  'InvalidDigest',
  'NotImplemented',
  'MethodNotAllowed',
]

/** XML 1.0, the body of DeleteObjects, has no way to write these. */
const notInXml = /[\p{Cc}\uFFFE\uFFFF]/u

/** The `delete` of a bucket: by the thousand, or one by one where the store cannot. */
export function createS3Delete(client: S3Client, Bucket: string, call: Call): ObjectStore['delete'] {
  let canBatch = true

  async function deleteOne(Key: string, options?: CallOptions): Promise<void> {
    await call(options, async (sdk) => {
      try {
        await client.send(new DeleteObjectCommand({ Bucket, Key }), sdk)
      } catch (error) {
        if (!isAbsent(error)) throw error
      }
    })
  }

  const deleteSingly = (keys: readonly string[], options?: CallOptions) =>
    inParallel(singlesAtOnce, keys, (key) => deleteOne(key, options))

  async function deleteBatch(keys: readonly string[], options?: CallOptions): Promise<void> {
    const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
    await call(options, async (sdk) => {
      const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete }), sdk)
      const failed = Errors.filter((error) => error.Code !== 'NoSuchKey')
      if (failed.length > 0) throw partialFailure(failed)
    })
  }

  return async function deleteKeys(keys, options) {
    for (const key of keys) checkKey(key)
    const odd = keys.filter((key) => notInXml.test(key))
    await deleteSingly(odd, options)
    for (const batch of batchesOf(keys.filter((key) => !notInXml.test(key)))) {
      if (canBatch && batch.length > 1) {
        try {
          await deleteBatch(batch, options)
          continue
        } catch (error) {
          if (!isRefusal(error)) throw error
          canBatch = false
        }
      }
      await deleteSingly(batch, options)
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof GatewayError && refusals.includes(codeOf(error.cause))
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
