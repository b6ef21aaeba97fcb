import { beforeEach, describe, expect, test } from 'vitest'
import { forget } from '../../src/cdn/forget.ts'
import { createBucketEventWays, hasBucketEvents } from '../../src/composition/bucket-events.ts'
import { parseConfig } from '../../src/config.ts'
import { problemAnswer } from '../../src/http/problem.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts'
import { journalPaths, putText } from '../library/library.ts'
import { createClock } from '../sweep/sweeping.ts'
import { BUCKET, s3Message } from './notifications.ts'

const SECRET = 'a-secret-for-bucket-events'
const QUEUE = { HALFTONE_BUCKET_EVENTS_QUEUE_URL: 'http://127.0.0.1:1/123456789012/pictures' }
const TOPIC = { HALFTONE_BUCKET_EVENTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:123456789012:pictures' }
const SECRETS = { HALFTONE_BUCKET_EVENTS_SECRETS: SECRET }

let store: ObjectStore
let metrics: Metrics

beforeEach(() => {
  store = createMemoryObjectStore()
  metrics = createMetrics()
})

const config = (environment: Readonly<Record<string, string>>) =>
  parseConfig({ HALFTONE_BUCKET: BUCKET, HALFTONE_SOURCES: 'photos/', ...environment })

const open = (environment: Readonly<Record<string, string>>) =>
  createBucketEventWays({
    config: config(environment),
    log: createLog('silent'),
    metrics,
    store,
    clock: createClock(),
    forget: async (paths) => void (await forget(store, paths)),
  })

describe('what the configuration opens', () => {
  test.each<
    [what: string, environment: Readonly<Record<string, string>>, isHeard: boolean, hasRoutes: boolean]
  >([
    ['nothing', {}, false, false],
    ['a queue', QUEUE, true, false],
    ['a topic', TOPIC, true, true],
    ['a secret', SECRETS, true, true],
    ['all', { ...QUEUE, ...TOPIC, ...SECRETS }, true, true],
  ])('%s', (_, environment, isHeard, hasRoutes) => {
    expect(hasBucketEvents(config(environment))).toBe(isHeard)
    const ways = open(environment)
    expect([ways !== undefined, ways?.routes !== undefined]).toEqual([isHeard, hasRoutes])
  })

  test.each(['pictures', 'arn:aws:sqs:eu-west-1:123456789012:pictures', 'arn:aws:sns:eu-west-1:12:pictures'])(
    'no topic is %s',
    (arn) => {
      expect(() => config({ HALFTONE_BUCKET_EVENTS_TOPIC_ARN: arn })).toThrow(/a topic such as arn:aws:sns:/)
    },
  )
})

test('requirements: Flows – what another program has put into the bucket is forgotten, and counted', async () => {
  const ways = open(SECRETS)
  ways?.routes?.onError(problemAnswer)
  await putText(store, 'img/photos/a.jpg/@123456789012345/800.webp')
  const post = async (body: string) => {
    const headers = { 'x-halftone-events': SECRET }
    return ways?.routes?.request('http://test/s3', { method: 'POST', body, headers })
  }
  expect((await post(s3Message([{ key: 'photos/a.jpg' }, { key: 'system/journal.json' }])))?.status).toBe(204)
  expect((await post('hello'))?.status).toBe(400)
  expect(await journalPaths(store)).toEqual(['photos/a.jpg'])
  expect(await store.head('img/photos/a.jpg/@123456789012345/800.webp')).toBeUndefined()
  const counted = (await metrics.bucketEvents.get()).values.map(({ labels, value }) => [
    labels.outcome,
    value,
  ])
  expect(counted).toEqual([
    ['foreign', 1],
    ['ignored', 1],
    ['unreadable', 1],
  ])
  await ways?.close()
})
