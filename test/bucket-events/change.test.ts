import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BucketChange, parseChanges } from '../../src/bucket-events/change.ts'
import { bridgedEvent, s3Message, snsNotification } from './notifications.ts'

const removed = { bucket: 'pictures', key: 'photos/a.jpg', kind: 'removed', etag: undefined } as const

describe('a notification of S3', () => {
  test.each<[eventName: string, kind: BucketChange['kind'] | undefined]>([
    ['ObjectCreated:Put', 'put'],
    ['s3:ObjectCreated:Put', 'put'],
    ['ObjectCreated:Copy', 'created'],
    ['ObjectCreated:CompleteMultipartUpload', 'created'],
    ['ObjectRemoved:Delete', 'removed'],
    ['ObjectRemoved:DeleteMarkerCreated', 'removed'],
    ['LifecycleExpiration:Delete', 'removed'],
    ['ObjectRestore:Completed', 'restored'],
    ['ObjectRestore:Post', undefined],
    ['ObjectTagging:Put', undefined],
    ['Replication:OperationMissedThreshold', undefined],
  ])('%s: %s', (eventName, kind) => {
    const changes = parseChanges(s3Message([{ eventName, key: 'photos/a.jpg' }]))
    expect(changes?.map((change) => change.kind)).toEqual(kind === undefined ? [] : [kind])
  })

  test.each([
    ['photos/two+words.jpg', 'photos/two words.jpg'],
    ['photos/a%2Bb.jpg', 'photos/a+b.jpg'],
    ['photos/%E7%B6%A0%25.jpg', 'photos/綠%.jpg'],
  ])('the key %s is %s', (key, expected) => {
    expect(parseChanges(s3Message([{ key }]))?.[0]?.key).toBe(expected)
  })

  test('tells of several changes, with ETags without quotes', () => {
    const records = [
      { key: 'photos/a.jpg', eTag: 'aa' },
      { key: 'photos/b.jpg', eTag: '"bb"' },
    ]
    expect(parseChanges(s3Message(records))?.map(({ etag }) => etag)).toEqual(['aa', 'bb'])
  })

  test('that only tries the connection tells of nothing', () => {
    const body = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'pictures' })
    expect(parseChanges(body)).toEqual([])
  })
})

describe('an event of EventBridge', () => {
  test.each<[type: string, reason: string, kind: BucketChange['kind'] | undefined]>([
    ['Object Created', 'PutObject', 'put'],
    ['Object Created', 'CopyObject', 'created'],
    ['Object Deleted', 'DeleteObject', 'removed'],
    ['Object Restore Completed', '', 'restored'],
    ['Object Tags Added', '', undefined],
  ])('%s (%s): %s', (type, reason, kind) => {
    const changes = parseChanges(bridgedEvent(type, { key: 'photos/a.jpg', reason }))
    expect(changes?.map((change) => change.kind)).toEqual(kind === undefined ? [] : [kind])
  })

  test('has its key as it is', () => {
    const [change] = parseChanges(bridgedEvent('Object Deleted', { key: 'photos/a+b c%20.jpg' })) ?? []
    expect(change).toEqual({ ...removed, key: 'photos/a+b c%20.jpg' })
  })
})

test('a message of SNS is what is in it', () => {
  const inner = s3Message([{ eventName: 'ObjectRemoved:Delete', key: 'photos/a.jpg' }])
  expect(parseChanges(snsNotification(inner))).toEqual([removed])
})

test.each([
  ['no JSON', 'hello'],
  ['another object', '{"Records":[{"dynamodb":{}}]}'],
  ['another event', JSON.stringify({ source: 'aws.ec2', 'detail-type': 'x', detail: {} })],
  ['a key that is not encoded as forms are', s3Message([{ key: '%zz' }])],
  ['SNS around something else', snsNotification('hello')],
  ['an array', '[]'],
])('%s is no notification', (_, body) => {
  expect(parseChanges(body)).toBeUndefined()
})

test('any key comes out of a notification as it went in', () => {
  const keys = fc.string({ unit: 'grapheme', minLength: 1 })
  const check = (key: string) => {
    const asForm = encodeURIComponent(key).replaceAll('%20', '+')
    expect(parseChanges(s3Message([{ key: asForm }]))?.[0]?.key).toBe(key)
    expect(parseChanges(bridgedEvent('Object Created', { key }))?.[0]?.key).toBe(key)
  }
  fc.assert(fc.property(keys, check))
})

test('nothing that is sent makes it fail', () => {
  const shaped = fc.record({ Records: fc.array(fc.record({ eventName: fc.string(), s3: fc.jsonValue() })) })
  const bodies = fc.oneof(
    fc.string(),
    fc.json(),
    shaped.map((value) => JSON.stringify(value)),
  )
  const check = (body: string) => {
    expect([undefined, []]).toContainEqual(parseChanges(body))
  }
  fc.assert(fc.property(bodies, check))
})
