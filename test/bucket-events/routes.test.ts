import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBucketEvents } from '../../src/bucket-events/bucket-events.ts'
import { createEventRoutes } from '../../src/bucket-events/routes.ts'
import { createSnsTopic } from '../../src/bucket-events/sns-message.ts'
import { GatewayError } from '../../src/errors.ts'
import { problemAnswer } from '../../src/http/problem.ts'
import { createMemoryObjectStore } from '../../src/storage/memory-object-store.ts'
import { codeOf } from '../support/api.ts'
import { BUCKET, bridgedEvent, s3Message } from './notifications.ts'
import {
  CERTIFICATE_URL,
  makeCertificate,
  signMessage,
  type SnsFields,
  startAmazon,
  SUBSCRIBE_URL,
  TOPIC_ARN,
} from './sns.ts'

const SECRETS = ['a secret of the old days', 'a secret that is new here']
const { key, certificate } = makeCertificate()
const stranger = makeCertificate()
let amazon: Awaited<ReturnType<typeof startAmazon>>
let purged: string[]
let fails: boolean
let now: number
let confirmed: number
let app: ReturnType<typeof createEventRoutes>

beforeAll(async () => {
  amazon = await startAmazon(certificate)
})
afterAll(async () => amazon.close())

beforeEach(() => {
  purged = []
  fails = false
  confirmed = 0
  amazon.asked.length = 0
  amazon.answerWith(200)
  now = Date.now()
  const events = createBucketEvents({
    store: createMemoryObjectStore(),
    bucket: BUCKET,
    sources: ['photos/'],
    async forget(paths) {
      if (fails) throw new GatewayError('bucket_unreachable', 'The bucket is away')
      purged.push(...paths)
    },
    onOutcome: () => {},
  })
  const topic = createSnsTopic({
    topicArn: TOPIC_ARN,
    fetch: async (url, init) => amazon.fetch(url, init),
    now: () => now,
  })
  app = createEventRoutes({ events, secrets: SECRETS, topic, onConfirmed: () => (confirmed += 1) })
  app.onError(problemAnswer)
})

async function post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await app.request('http://test/s3', { method: 'POST', body, headers })
  if (response.status === 204) return '204'
  expect(response.headers.get('cache-control')).toBe('no-store')
  return codeOf(response)
}

const postSns = async (fields: SnsFields) =>
  post(JSON.stringify(fields), {
    'x-amz-sns-message-type': fields['Type'] ?? '',
    'content-type': 'text/plain; charset=UTF-8',
  })

const Message = s3Message([{ key: 'photos/a.jpg' }])

describe('a notification through SNS', () => {
  test.each(['1', '2'] as const)('is purged when its signature of version %s holds', async (version) => {
    expect(await postSns(signMessage(key, { Message }, version))).toBe('204')
    expect(await postSns(signMessage(key, { Message, Subject: 'Amazon S3 Notification' }, version))).toBe(
      '204',
    )
    expect(purged).toEqual(['photos/a.jpg', 'photos/a.jpg'])
    // The certificate is fetched once.
    expect(amazon.asked).toEqual([CERTIFICATE_URL])
  })

  const signed = signMessage(key, { Message })
  const elsewhere = (SigningCertURL: string) => signMessage(key, { Message, SigningCertURL })
  test.each<[what: string, fields: SnsFields, asked: number]>([
    ['is changed on its way', { ...signed, Message: s3Message([{ key: 'photos/b.jpg' }]) }, 1],
    ['gets a subject on its way', { ...signed, Subject: 'new' }, 1],
    ['is signed by somebody else', signMessage(stranger.key, { Message }), 1],
    ['says another signature version', { ...signed, SignatureVersion: '1' }, 1],
    ['has no signature that is one', { ...signed, Signature: '####' }, 1],
    ['is of another topic', signMessage(key, { Message, TopicArn: `${TOPIC_ARN}-of-mine` }), 0],
    ['has its certificate elsewhere', elsewhere(CERTIFICATE_URL.replace('amazonaws.com', 'example.com')), 0],
    ['… at a host that only begins so', elsewhere(CERTIFICATE_URL.replace('.com/', '.com.example.com/')), 0],
    ['… in another region', elsewhere(CERTIFICATE_URL.replace('eu-west-1', 'us-east-1')), 0],
    ['… without TLS', elsewhere(CERTIFICATE_URL.replace('https', 'http')), 0],
    ['… at another port', elsewhere(CERTIFICATE_URL.replace('.com/', '.com:8443/')), 0],
    ['… with a user', elsewhere(CERTIFICATE_URL.replace('https://', 'https://me@')), 0],
    ['… at another path', elsewhere(CERTIFICATE_URL.replace('/Simple', '/?/Simple')), 0],
    ['… with a query, so that it would be fetched again', elsewhere(`${CERTIFICATE_URL}?1`), 0],
    ['… with a fragment', elsewhere(`${CERTIFICATE_URL}#1`), 0],
    ['… at no URL', elsewhere('certificate.pem'), 0],
  ])('that %s is refused', async (_, fields, asked) => {
    expect(await postSns(fields)).toBe('403 invalid_signature')
    expect(amazon.asked).toHaveLength(asked)
    expect(purged).toEqual([])
  })

  test.each([
    ['two days ago', new Date(Date.now() - 2 * 86_400_000).toISOString()],
    ['in two days', new Date(Date.now() + 2 * 86_400_000).toISOString()],
    ['at no time', 'some day'],
  ])('that was signed %s is refused: somebody sends it again', async (_, Timestamp) => {
    expect(await postSns(signMessage(key, { Message, Timestamp }))).toBe('403 invalid_signature')
    expect(purged).toEqual([])
  })

  test('is refused when the certificate is no longer valid', async () => {
    now = Date.now() + 3 * 86_400_000
    expect(await postSns(signMessage(key, { Message }))).toBe('403 invalid_signature')
  })

  test('has to come again when the certificate cannot be had', async () => {
    amazon.answerWith(503)
    expect(await postSns(signMessage(key, { Message }))).toBe('502 identity_unreachable')
    amazon.answerWith(200)
    expect(await postSns(signMessage(key, { Message }))).toBe('204')
  })

  test('that is no message of SNS, or about no bucket, is not understood', async () => {
    expect(await post('hello', { 'x-amz-sns-message-type': 'Notification' })).toBe('400 invalid_request')
    expect(await postSns({ ...signMessage(key, { Message }), SignatureVersion: '3' })).toBe(
      '400 invalid_request',
    )
    expect(await postSns(signMessage(key, { Message: 'hello' }))).toBe('400 invalid_request')
  })
})

test.each([
  ['arn:aws-cn:sns:cn-north-1:123456789012:pictures', 'sns.cn-north-1.amazonaws.com.cn'],
  ['arn:aws-us-gov:sns:us-gov-west-1:123456789012:pictures', 'sns.us-gov-west-1.amazonaws.com'],
])('the certificates of %s are those of %s', async (topicArn, host) => {
  const topic = createSnsTopic({
    topicArn,
    fetch: async (url, init) => amazon.fetch(url, init),
    now: () => now,
  })
  const SigningCertURL = `https://${host}/SimpleNotificationService-01.pem`
  const message = signMessage(key, { TopicArn: topicArn, Message, SigningCertURL })
  expect(await topic.prove(JSON.stringify(message))).toMatchObject({ Message })
  const elsewhere = signMessage(key, { TopicArn: topicArn, Message })
  await expect(topic.prove(JSON.stringify(elsewhere))).rejects.toThrow(/not signed/)
})

describe('a subscription', () => {
  const ask = (fields: SnsFields = {}) =>
    signMessage(key, { Type: 'SubscriptionConfirmation', Token: 't', SubscribeURL: SUBSCRIBE_URL, ...fields })

  test('of the topic is confirmed', async () => {
    expect(await postSns(ask())).toBe('204')
    expect(amazon.asked).toEqual([CERTIFICATE_URL, SUBSCRIBE_URL])
    expect(confirmed).toBe(1)
  })

  test.each<[what: string, fields: SnsFields]>([
    ['of another topic', ask({ TopicArn: `${TOPIC_ARN}-of-mine` })],
    ['that leads elsewhere', ask({ SubscribeURL: 'https://example.com/?Action=ConfirmSubscription' })],
    ['into the network', ask({ SubscribeURL: 'http://169.254.169.254/latest/meta-data/' })],
    ['that nobody has signed', { ...ask(), Signature: '' }],
  ])('%s is not', async (_, fields) => {
    expect(await postSns(fields)).toMatch(/^40[03] invalid_/)
    expect(amazon.asked.filter((url) => url !== CERTIFICATE_URL)).toEqual([])
    expect(confirmed).toBe(0)
  })

  test('that has ended is not begun again', async () => {
    const fields = { Type: 'UnsubscribeConfirmation', Token: 't', SubscribeURL: SUBSCRIBE_URL }
    expect(await postSns(signMessage(key, fields))).toBe('204')
    expect(amazon.asked).toEqual([CERTIFICATE_URL])
  })
})

describe('an event of an API destination', () => {
  const event = bridgedEvent('Object Deleted', { key: 'photos/a b.jpg' })

  test.each(SECRETS)('is purged with %s', async (secret) => {
    expect(await post(event, { 'x-halftone-events': secret })).toBe('204')
    expect(purged).toEqual(['photos/a b.jpg'])
  })

  test('is refused without a secret, and with another', async () => {
    expect(await post(event)).toBe('403 access_denied')
    expect(await post(event, { 'x-halftone-events': `${SECRETS[0]}x` })).toBe('403 access_denied')
    expect(purged).toEqual([])
  })

  test('has to come again when it cannot be purged', async () => {
    fails = true
    expect(await post(event, { 'x-halftone-events': SECRETS[0] ?? '' })).toBe('502 bucket_unreachable')
    fails = false
    expect(await post(event, { 'x-halftone-events': SECRETS[0] ?? '' })).toBe('204')
  })

  test('may not be long', async () => {
    const headers = { 'x-halftone-events': SECRETS[0] ?? '' }
    expect(await post(`"${'x'.repeat(300_000)}"`, headers)).toBe('413 body_too_large')
  })
})

test('without a topic and without secrets nobody is believed', async () => {
  const events = createBucketEvents({
    store: createMemoryObjectStore(),
    bucket: BUCKET,
    sources: ['photos/'],
    forget: async (paths) => void purged.push(...paths),
    onOutcome: () => {},
  })
  app = createEventRoutes({ events, secrets: [], onConfirmed: () => {} })
  app.onError(problemAnswer)
  expect(await postSns(signMessage(key, { Message }))).toBe('403 access_denied')
  expect(await post(Message, { 'x-halftone-events': '' })).toBe('403 access_denied')
  expect(purged).toEqual([])
})

test('there is nothing but POST', async () => {
  const response = await app.request('http://test/s3')
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
})
