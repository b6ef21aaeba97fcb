import { parseDocument } from '../body/read-document.ts'
import { type CorsRule, formatCors, parseCors } from '../cors/cors-configuration.ts'
import { formatLifecycle, type LifecycleRule, parseLifecycle } from '../lifecycle/lifecycle-configuration.ts'
import { type BucketPolicy, parsePolicy } from '../policy/bucket-policy.ts'
import { seal, unseal } from '../store/object-record.ts'

/** What a bucket was told to do; each is missing until it is put. */
export interface BucketConfiguration {
  readonly cors?: readonly CorsRule[] | undefined
  readonly lifecycle?: readonly LifecycleRule[] | undefined
  readonly policy?: BucketPolicy | undefined
}

/** All that is known of a bucket beside its name; it changes only as a whole. */
export interface BucketSettings extends BucketConfiguration {
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** Settings as they stand in their file: each configuration as the document that S3 knows it by. */
export function formatSettings({ createdAt, cors, lifecycle, policy }: BucketSettings): string {
  return seal(
    JSON.stringify({
      createdAt,
      cors: cors && formatCors(cors),
      lifecycle: lifecycle && formatLifecycle(lifecycle),
      policy: policy?.document,
    }),
  )
}

/** Reads the file of the bucket of that name; throws when it is damaged in any way. */
export function parseSettings(text: string, bucket: string): BucketSettings {
  // Before buckets had configurations the file held nothing but the date, without a checksum.
  const json = text.startsWith('{"createdAt":') ? text : unseal(text)
  if (json === undefined) throw new Error('The checksum does not fit')
  const value: unknown = JSON.parse(json)
  if (!hasFields(value) || typeof value['createdAt'] !== 'number') throw new Error('There is no date')
  const { createdAt, cors, lifecycle, policy } = value
  return {
    createdAt,
    ...(typeof cors === 'string' && { cors: parseCors(parseDocument(cors, 'CORSConfiguration')) }),
    ...(typeof lifecycle === 'string' && {
      lifecycle: parseLifecycle(parseDocument(lifecycle, 'LifecycleConfiguration')),
    }),
    ...(typeof policy === 'string' && { policy: parsePolicy(policy, bucket) }),
  }
}

function hasFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
