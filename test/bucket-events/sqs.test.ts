import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createBucketEvents } from '../../src/bucket-events/bucket-events.ts'
import { QueueReader } from '../../src/bucket-events/queue-reader.ts'
import { createSqsQueue } from '../../src/bucket-events/sqs-queue.ts'
import { forget } from '../../src/cdn/forget.ts'
import { createS3ObjectStore } from '../../src/storage/s3-object-store.ts'
import { by, ITEM, openLibrary, putItemAbc, putPhoto, putText } from '../library/library.ts'
import { createClient, makeBucket } from '../conformance/subject.ts'

const { S3_TEST_ENDPOINT: endpoint = 'http://127.0.0.1:1', S3_TEST_SERVER: server } = process.env
const REASON =
  server === undefined ? 'left out here: npm run test:foreign starts a server that has queues' : ''

const identity = { accessKey: 'test', secret: 'test' }
const credentials = { accessKeyId: identity.accessKey, secretAccessKey: identity.secret }
const region = 'us-east-1'

describe.skipIf(server === undefined)(`a queue of a server that we did not write ${REASON}`, () => {
  const sqs = new SQSClient({ endpoint, region, credentials })
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  const toClose: (() => void)[] = []
  let queue: ReturnType<typeof createSqsQueue>
  let url: string

  beforeEach(async () => {
    url = await makeQueue({})
    queue = open(url)
  })
  afterAll(() => {
    for (const close of toClose) close()
    sqs.destroy()
    s3.destroy()
  })

  function open(queueUrl: string) {
    const opened = createSqsQueue({ url: queueUrl, region, endpoint, credentials })
    toClose.push(() => opened.close())
    return opened
  }

  async function makeQueue(attributes: Readonly<Record<string, string>>): Promise<string> {
    const made = await sqs.send(
      // What is received and not removed comes again at once.
      new CreateQueueCommand({
        QueueName: `q-${randomUUID()}`,
        Attributes: { VisibilityTimeout: '0', ...attributes },
      }),
    )
    return made.QueueUrl ?? ''
  }

  async function arnOf(queueUrl: string): Promise<string> {
    const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] })
    return (await sqs.send(command)).Attributes?.['QueueArn'] ?? ''
  }

  const send = async (body: string, to = url) =>
    sqs.send(new SendMessageCommand({ QueueUrl: to, MessageBody: body }))

  test('gives what was sent until it is removed', async () => {
    expect(await queue.receive({ waitS: 0 })).toEqual([])
    await send('one')
    await send('two')
    const first = await queue.receive({ waitS: 1 })
    expect(first.map(({ body }) => body).toSorted()).toEqual(['one', 'two'])
    const again = await queue.receive({ waitS: 1 })
    expect(again.map(({ id }) => id).toSorted()).toEqual(first.map(({ id }) => id).toSorted())
    expect(await queue.remove(again)).toEqual([])
    expect(await queue.receive({ waitS: 0 })).toEqual([])
  })

  test('gives at most ten at once, and takes back more than that', async () => {
    const hiding = await makeQueue({ VisibilityTimeout: '600' })
    const many = open(hiding)
    for (let index = 0; index < 23; index += 1) await send(`${index}`, hiding)
    const received = []
    for (let last = 10; last === 10; ) {
      const messages = await many.receive({ waitS: 1 })
      last = messages.length
      received.push(...messages)
    }
    expect(received).toHaveLength(23)
    expect(await many.remove(received)).toEqual([])
  })

  test('is waited for no longer than the signal lives', async () => {
    await expect(queue.receive({ waitS: 20, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
  })

  test('puts aside what nobody understands', async () => {
    const aside = await makeQueue({})
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await arnOf(aside), maxReceiveCount: 2 })
    const redriving = await makeQueue({ RedrivePolicy })
    await send('no notification', redriving)
    const { reader, unreadable } = createReader(open(redriving), 'any', () => {})
    for (let attempt = 0; attempt < 4; attempt += 1) await reader.read()
    expect(unreadable).toHaveLength(2)
    expect((await open(aside).receive({ waitS: 1 })).map(({ body }) => body)).toEqual(['no notification'])
  })

  test('carries what others change in the bucket to all caches, and what we change to none', async () => {
    const bucket = await makeBucket(createClient({ name: server ?? '', url: endpoint, region, ...identity }))
    const store = createS3ObjectStore({ bucket, region, endpoint, credentials, forcePathStyle: true })
    toClose.push(() => store.close())
    const QueueArn = await arnOf(url)
    const QueueConfigurations = [
      { QueueArn, Events: ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const] },
    ]
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: bucket,
        NotificationConfiguration: { QueueConfigurations },
      }),
    )
    const purged: string[] = []
    const { reader } = createReader(queue, bucket, (paths) => purged.push(...paths), store)
    const drain = async () => {
      for (;;) {
        const waiting = await queue.receive({ waitS: 0 })
        if (waiting.length === 0) return purged.splice(0)
        await reader.read()
      }
    }

    const library = openLibrary(store)
    const [first] = await putItemAbc(store, library)
    await library.albums.replace(ITEM, await putPhoto(store, 'b'), by)
    expect(await drain()).toEqual([])

    await putText(store, 'photos/two words+ü.jpg')
    expect(await drain()).toEqual(['photos/two words+ü.jpg'])
    await putText(store, first?.key ?? '', 'another picture')
    expect(await drain()).toEqual([`items/${ITEM}/photos/a`, first?.key])
  })
})

function createReader(
  queue: ReturnType<typeof createSqsQueue>,
  bucket: string,
  onPurged: (paths: readonly string[]) => void,
  store = createS3ObjectStore({ bucket, region, endpoint, credentials, forcePathStyle: true }),
) {
  const unreadable: string[] = []
  const events = createBucketEvents({
    store,
    bucket,
    sources: ['items/', 'photos/'],
    async forget(paths) {
      onPurged(paths)
      await forget(store, paths)
    },
    onOutcome: () => {},
  })
  const reader = new QueueReader({
    // Here nothing is to come that is not there already.
    queue: { ...queue, receive: async () => queue.receive({ waitS: 0 }) },
    events,
    clock: { pause: async () => {} },
    onUnreadable: (id) => unreadable.push(id),
    onFailure: () => {},
  })
  return { reader, unreadable }
}
