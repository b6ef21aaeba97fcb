import { type BucketEvents, createBucketEvents } from '../bucket-events/bucket-events.ts'
import { QueueReader } from '../bucket-events/queue-reader.ts'
import { createEventRoutes } from '../bucket-events/routes.ts'
import { createSnsTopic } from '../bucket-events/sns-message.ts'
import { createSqsQueue } from '../bucket-events/sqs-queue.ts'
import type { Config } from '../config.ts'
import type { Clock } from '../leases/clock.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { s3OptionsOf } from './bucket.ts'

export interface BucketEventsParts {
  readonly config: Config
  readonly log: Logger
  readonly metrics: Metrics
  readonly store: ObjectStore
  readonly clock: Clock
  /** Makes memory, bucket, replicas and edge forget source paths; when it resolves, no crash can lose that. */
  readonly forget: (paths: readonly string[]) => Promise<void>
}

/** Whether Halftone hears of what others change in the bucket: then it need not ask whether they have. */
export function hasBucketEvents(config: Config): boolean {
  const { HALFTONE_BUCKET_EVENTS_QUEUE_URL: queue, HALFTONE_BUCKET_EVENTS_TOPIC_ARN: topic } = config
  return queue !== undefined || topic !== undefined || config.HALFTONE_BUCKET_EVENTS_SECRETS.length > 0
}

/** The ways that the configuration opens to notifications of the bucket; `undefined` when it opens none. */
export function createBucketEventWays(parts: BucketEventsParts) {
  const { config, log, metrics } = parts
  const bucket = config.HALFTONE_BUCKET
  if (!hasBucketEvents(config) || bucket === undefined) return undefined
  const events = createBucketEvents({
    store: parts.store,
    bucket,
    sources: config.HALFTONE_SOURCES,
    forget: async (paths) => {
      log.info({ paths }, 'changed in the bucket')
      await parts.forget(paths)
    },
    onOutcome: (outcome, count) => metrics.bucketEvents.inc({ outcome }, count),
  })
  const { routes } = createRoutes(parts, events)
  const reader = createReader(parts, events)
  return {
    routes,
    start: () => reader?.start(),
    close: async () => reader?.close(),
  }
}

function createRoutes({ config, log }: BucketEventsParts, events: BucketEvents) {
  const topicArn = config.HALFTONE_BUCKET_EVENTS_TOPIC_ARN
  const secrets = config.HALFTONE_BUCKET_EVENTS_SECRETS
  if (topicArn === undefined && secrets.length === 0) return { routes: undefined }
  const topic = topicArn === undefined ? undefined : createSnsTopic({ topicArn, fetch, now: Date.now })
  const onConfirmed = () => log.info({ topicArn }, 'the topic may send notifications')
  return { routes: createEventRoutes({ events, secrets, topic, onConfirmed }) }
}

function createReader({ config, log, clock }: BucketEventsParts, events: BucketEvents) {
  const url = config.HALFTONE_BUCKET_EVENTS_QUEUE_URL
  if (url === undefined) return undefined
  const { credentials } = s3OptionsOf(config, '')
  const queue = createSqsQueue({
    url,
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL_SQS,
    credentials,
  })
  const reader = new QueueReader({
    queue,
    events,
    clock,
    onUnreadable: (message, err) => log.error({ message, err }, 'a message is no notification of a bucket'),
    onFailure: (err) => log.warn({ err }, 'the queue of bucket events'),
  })
  return {
    start: () => reader.start(),
    async close() {
      await reader.close()
      queue.close()
    },
  }
}
