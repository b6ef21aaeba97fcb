import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient, makeBucket } from '../conformance/subject.ts'
import { beginEdgeJourney, type EdgeJourney } from '../support/edge-journey.ts'
import { middleColour, plainJpeg } from '../support/library.ts'

const { S3_TEST_ENDPOINT: url = 'http://127.0.0.1:1', S3_TEST_SERVER: server } = process.env
const REASON =
  server === undefined ? 'left out here: npm run test:foreign starts a server that has queues' : ''

const WAIT = { timeout: 20_000, interval: 50 }
const KEY = 'photos/two words+ü.jpg'
const TARGET = '/img/photos/two%20words%2B%C3%BC.jpg/320.webp'

const identity = { accessKeyId: 'test', secretAccessKey: 'test' }
const access = { endpoint: url, region: 'us-east-1', credentials: identity }

describe.skipIf(server === undefined)(
  `requirements: Flows – what another program overwrites is seen anew behind the edge ${REASON}`,
  () => {
    const sqs = new SQSClient(access)
    const s3 = new S3Client({ ...access, forcePathStyle: true })
    let journey: EdgeJourney

    beforeAll(async () => {
      const { accessKeyId: accessKey, secretAccessKey: secret } = identity
      const bucket = await makeBucket(
        createClient({ name: server ?? '', url, region: 'us-east-1', accessKey, secret }),
      )
      const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `q-${randomUUID()}` }))
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
      )
      const { QueueArn } = Attributes
      const Events = ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const]
      await s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: bucket,
          NotificationConfiguration: { QueueConfigurations: [{ QueueArn, Events }] },
        }),
      )
      journey = await beginEdgeJourney(
        { url, bucket, ...identity },
        { HALFTONE_BUCKET_EVENTS_QUEUE_URL: QueueUrl, AWS_ENDPOINT_URL_SQS: url },
      )
    })
    afterAll(async () => {
      await journey.close()
      sqs.destroy()
      s3.destroy()
    })

    const put = async (colour: string) =>
      journey.store.put(KEY, await plainJpeg(colour, 640, 480), { contentType: 'image/jpeg' })

    /** What viewers near each location see: which of red, green and blue is strong, or the status. */
    const seen = async () =>
      Promise.all(
        journey.urls.map(async (at) => {
          const answer = await fetch(new URL(TARGET, at))
          const body = new Uint8Array(await answer.arrayBuffer())
          return answer.status === 200 ? (await middleColour(body)).map((part) => part > 128) : answer.status
        }),
      )

    const RED = [true, false, false]
    const BLUE = [false, false, true]

    test('at both locations, and gone when it was deleted', { timeout: 120_000 }, async () => {
      await put('#ff0000')
      await expect.poll(seen, WAIT).toEqual([RED, RED])
      await put('#0000ff')
      await expect.poll(seen, WAIT).toEqual([BLUE, BLUE])
      await journey.store.delete([KEY])
      await expect.poll(seen, WAIT).toEqual([404, 404])
      const told = journey.api.invalidations.taken.flatMap(({ items }) => items)
      expect(new Set(told)).toEqual(new Set(['#key:photos%2Ftwo%20words%2B%C3%BC.jpg']))
    })
  },
)
