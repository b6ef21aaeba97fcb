import {
  CloudFrontClient,
  GetInvalidationCommand,
  ListInvalidationsCommand,
} from '@aws-sdk/client-cloudfront'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createCloudFrontApi } from '../../src/purging/cloudfront-api.ts'
import { EdgeRefusal } from '../../src/purging/purging.ts'
import {
  type CloudFrontApiServer,
  CREDENTIALS,
  DISTRIBUTION,
  startCloudFrontApi,
} from '../support/edge/cloudfront-api.ts'

let server: CloudFrontApiServer
let nowMs: number
const closing: (() => void)[] = []

beforeEach(async () => {
  nowMs = Date.parse('2026-11-01T00:00:00Z')
  server = await startCloudFrontApi({ clock: () => nowMs, quotas: { completionMs: 5000 } })
})

afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await server.close()
})

function connect(options: Partial<Parameters<typeof createCloudFrontApi>[0]> = {}) {
  const api = createCloudFrontApi({
    distributionId: DISTRIBUTION,
    endpoint: server.endpoint,
    credentials: CREDENTIALS,
    timeoutMs: 5000,
    ...options,
  })
  closing.push(() => api.close())
  return api
}

const reasonOf = async (call: Promise<unknown>) =>
  call.then(
    () => 'taken',
    (error: unknown) => (error instanceof EdgeRefusal ? error.reason : error),
  )

test('tags, paths and wildcards go out in one call, as they are', async () => {
  const items = ['#item:42', '#photo:42%2Fp1', '/img/a%20b.jpg/800.webp?x=1&y=<2>', '/img/items/7/*']
  const { id } = await connect().invalidate('r1', items)
  expect(server.invalidations.taken).toMatchObject([{ id, reference: 'r1', items }])
})

test('asked again with the same reference and items it is the same invalidation, and paid for once', async () => {
  const api = connect()
  const first = await api.invalidate('r1', ['#item:1', '#item:2'])
  expect(await api.invalidate('r1', ['#item:2', '#item:1'])).toEqual(first)
  expect(server.invalidations.items).toBe(2)
  expect(await reasonOf(api.invalidate('r1', ['#item:3']))).toBe('invalid')
})

test('an answer that was lost is a refusal; asked again it is the same invalidation', async () => {
  const api = connect()
  server.misbehave('lose-answer', 1)
  expect(await reasonOf(api.invalidate('r1', ['#item:1']))).toBe('unreachable')
  expect(await api.invalidate('r1', ['#item:1'])).toEqual({ id: server.invalidations.taken[0]?.id })
  expect(server.invalidations.items).toBe(1)
})

describe('a refusal has a reason', () => {
  test.each([
    [400, 'TooManyInvalidationsInProgress', 'busy'],
    [400, 'Throttling', 'throttled'],
    [429, 'SlowDown', 'throttled'],
    [400, 'InvalidArgument', 'invalid'],
    [413, 'BatchTooLarge', 'invalid'],
    [400, 'InconsistentQuantities', 'invalid'],
    [400, 'ExpiredToken', 'denied'],
    [403, 'SignatureDoesNotMatch', 'denied'],
    [400, 'AccessDeniedException', 'denied'],
    [400, 'NotAuthorized', 'denied'],
    [400, 'RequestExpired', 'unreachable'],
    [400, 'WhatNobodyHasHeardOf', 'unreachable'],
    [404, 'NoSuchDistribution', 'no-distribution'],
    [500, 'InternalError', 'unreachable'],
    [503, 'ServiceUnavailable', 'unreachable'],
  ])('%s %s: %s', async (status, code, reason) => {
    server.invalidations.fail(1, status, code)
    const refused = connect().invalidate('r1', ['#item:1'])
    await expect(refused).rejects.toThrow(code)
    expect(await reasonOf(refused)).toBe(reason)
    expect(server.invalidations.calls).toBe(1)
  })

  test('of somebody else’s credentials, and of another distribution', async () => {
    const stranger = connect({ credentials: { accessKeyId: 'x', secretAccessKey: 'y' } })
    expect(await reasonOf(stranger.invalidate('r1', ['#item:1']))).toBe('denied')
    const elsewhere = connect({ distributionId: 'E1ELSEWHERE' })
    expect(await reasonOf(elsewhere.invalidate('r1', ['#item:1']))).toBe('no-distribution')
  })

  test('of a connection that breaks, of nobody there, and of an answer that does not come', async () => {
    server.misbehave('reset', 1)
    expect(await reasonOf(connect().invalidate('r1', ['#item:1']))).toBe('unreachable')
    server.misbehave('hang', 1)
    expect(await reasonOf(connect({ timeoutMs: 200 }).invalidate('r2', ['#item:1']))).toBe('unreachable')
    const nobody = connect({ endpoint: 'http://127.0.0.1:9' })
    expect(await reasonOf(nobody.invalidate('r3', ['#item:1']))).toBe('unreachable')
  })
})

test('whoever stops a call is told so, and not of a refusal', async () => {
  server.misbehave('hang', 1)
  const stop = new AbortController()
  const call = connect().invalidate('r1', ['#item:1'], stop.signal)
  stop.abort(new Error('closing'))
  await expect(call).rejects.toThrow('closing')
})

describe('the stand-in', () => {
  test('limits items and wildcards a second, and items in progress', async () => {
    const api = connect()
    const many = (count: number, from = 0) =>
      Array.from({ length: count }, (_, index) => `#item:${from + index}`)
    await api.invalidate('a', many(100))
    expect(await reasonOf(api.invalidate('b', many(51, 100)))).toBe('throttled')
    await api.invalidate('c', [...many(49, 100), '/img/items/1/*'])
    nowMs += 999
    expect(await reasonOf(api.invalidate('d', ['/img/items/2/*']))).toBe('throttled')
    nowMs += 1
    await api.invalidate('d', ['/img/items/2/*'])
    expect(server.invalidations.dollars).toBe(0)
  })

  test('says what is in progress and what is completed, page by page', async () => {
    const api = connect()
    const { id } = await api.invalidate('a', ['#item:1'])
    nowMs += 5000
    await api.invalidate('b', ['#item:2'])
    const credentials = { ...CREDENTIALS }
    const client = new CloudFrontClient({ region: 'us-east-1', endpoint: server.endpoint, credentials })
    closing.push(() => client.destroy())
    const one = await client.send(new GetInvalidationCommand({ DistributionId: DISTRIBUTION, Id: id }))
    expect(one.Invalidation?.Status).toBe('Completed')
    expect(one.Invalidation?.InvalidationBatch?.Paths?.Items).toEqual(['#item:1'])
    const list = async (Marker?: string) =>
      (await client.send(new ListInvalidationsCommand({ DistributionId: DISTRIBUTION, MaxItems: 1, Marker })))
        .InvalidationList
    const first = await list()
    expect(first).toMatchObject({ IsTruncated: true, Items: [{ Status: 'InProgress' }] })
    expect(await list(first?.NextMarker)).toMatchObject({ IsTruncated: false, Items: [{ Id: id }] })
  })
})
