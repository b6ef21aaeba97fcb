import type { Config } from '../config.ts'
import type { S3ObjectStore } from '../storage/s3-object-store.ts'
import { probeUploads, type UploadAbilities } from '../transfers/probe-uploads.ts'
import { createS3Multiparts } from '../transfers/s3-multiparts.ts'
import { createS3Presigner } from '../transfers/s3-presigner.ts'
import { createS3Transfers } from '../transfers/s3-transfers.ts'
import type { Multiparts, Presigner, Transfers } from '../transfers/transfers.ts'
import type { Logger } from '../telemetry/log.ts'

/** How files come and go that do not pass through memory, and what the bucket can do about them. */
export interface Transport {
  readonly transfers: Transfers
  readonly multiparts: Multiparts
  readonly presigner: Presigner
  /** What the bucket enforces of what is signed for it: tried once, and again after a failure. */
  readonly abilities: () => Promise<UploadAbilities>
  /** How far the bucket's clock is ahead of ours, where that is known. */
  readonly clockSkewMs: () => number | undefined
}

/** The transport of a real bucket, over the sockets of its store. */
export function createTransport(config: Config, log: Logger, store: S3ObjectStore): Transport {
  const { bucket } = store
  // It signs for the endpoint that this process reaches; clients may know the bucket by another name.
  const probe = { store, presigner: createS3Presigner(bucket) }
  let tried: Promise<UploadAbilities> | undefined
  return {
    transfers: createS3Transfers(bucket, {
      onAbandoned: ({ key, uploadId, cause: err }) =>
        log.warn({ key, uploadId, err }, 'an upload in parts could not be aborted'),
    }),
    multiparts: createS3Multiparts(bucket),
    presigner: createS3Presigner(bucket, config.HALFTONE_S3_PUBLIC_ENDPOINT),
    abilities() {
      tried ??= probeUploads(probe).catch((error: unknown) => {
        tried = undefined
        throw error
      })
      return tried
    },
    clockSkewMs: () => store.clockSkewMs(),
  }
}
