import { z } from 'zod'

/**
 * What has happened to an object: `put` by one plain request, as Halftone writes its records, `created` in any other way
 * (copied, in parts, by a form), `removed`, or `restored` from an archive.
 */
export type ChangeKind = 'put' | 'created' | 'removed' | 'restored'

/** A change of an object in a bucket, as its notification tells it. */
export interface BucketChange {
  readonly bucket: string
  readonly key: string
  readonly kind: ChangeKind
  /** Without quotes; absent where the notification does not say it. */
  readonly etag?: string | undefined
}

const text = z.string().min(1)

/** A notification of S3 itself. Keys are written as forms are. */
const notification = z.object({
  Records: z.array(
    z.object({
      eventName: text,
      s3: z.object({
        bucket: z.object({ name: text }),
        object: z.object({ key: text, eTag: z.string().optional() }),
      }),
    }),
  ),
})

/** What S3 sends once when notifications are set up. */
const testEvent = z.object({ Event: z.literal('s3:TestEvent') })

/** The same through EventBridge. Keys are as they are. */
const bridged = z.object({
  source: z.literal('aws.s3'),
  'detail-type': text,
  detail: z.object({
    bucket: z.object({ name: text }),
    object: z.object({ key: text, etag: z.string().optional() }),
    reason: z.string().optional(),
  }),
})

/** The same in a message of SNS, where raw delivery is off. */
const wrapped = z.object({ Type: z.literal('Notification'), TopicArn: text, Message: text })

const NAMES: readonly [pattern: RegExp, kind: ChangeKind][] = [
  [/^(?:s3:)?ObjectCreated:Put$/, 'put'],
  [/^(?:s3:)?ObjectCreated:/, 'created'],
  [/^(?:s3:)?(?:ObjectRemoved|LifecycleExpiration):/, 'removed'],
  [/^(?:s3:)?ReducedRedundancyLostObject$/, 'removed'],
  [/^(?:s3:)?ObjectRestore:(?:Completed|Delete)$/, 'restored'],
]

const DETAIL_TYPES: ReadonlyMap<string, ChangeKind> = new Map([
  ['Object Created', 'created'],
  ['Object Deleted', 'removed'],
  ['Object Restore Completed', 'restored'],
  ['Object Restore Expired', 'restored'],
])

/**
 * The changes that a message tells of; none for a test event and for what changes no bytes, such as tags. `undefined`
 * for what is no notification of a bucket.
 */
export function parseChanges(body: string): readonly BucketChange[] | undefined {
  const value = parseJson(body)
  const outer = wrapped.safeParse(value).data
  return outer === undefined ? changesOf(value) : changesOf(parseJson(outer.Message))
}

function changesOf(value: unknown): readonly BucketChange[] | undefined {
  const event = bridged.safeParse(value).data
  if (event) return fromBridge(event)
  if (testEvent.safeParse(value).success) return []
  const records = notification.safeParse(value).data?.Records
  if (records === undefined) return undefined
  const changes: BucketChange[] = []
  for (const { eventName, s3 } of records) {
    const kind = NAMES.find(([pattern]) => pattern.test(eventName))?.[1]
    const key = decodeForm(s3.object.key)
    if (key === undefined) return undefined
    if (kind === undefined) continue
    changes.push({ bucket: s3.bucket.name, key, kind, etag: bare(s3.object.eTag) })
  }
  return changes
}

function fromBridge(event: z.infer<typeof bridged>): readonly BucketChange[] {
  const { bucket, object, reason } = event.detail
  const kind = DETAIL_TYPES.get(event['detail-type'])
  if (kind === undefined) return []
  const isPut = kind === 'created' && reason === 'PutObject'
  return [{ bucket: bucket.name, key: object.key, kind: isPut ? 'put' : kind, etag: bare(object.etag) }]
}

/** An ETag as notifications spell it: without quotes. */
export function bare(etag: string | undefined): string | undefined {
  const inner = etag?.replace(/^"(.*)"$/, '$1')
  return inner === '' ? undefined : inner
}

function decodeForm(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    // No percent encoding: as good as no key.
    return undefined
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // No JSON is no notification: the schemas refuse `undefined`.
    return undefined
  }
}
