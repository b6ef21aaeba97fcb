import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import type { S3Options } from '../../src/storage/s3-client.ts'
import { createS3Presigner } from '../../src/transfers/s3-presigner.ts'
import {
  type Answer,
  cutShort,
  failure,
  html,
  object,
  type ScriptedBucket,
  silence,
  stalled,
  startScript,
} from './raw-server.ts'

const running: ScriptedBucket[] = []

afterEach(async () => {
  for (const bucket of running.splice(0)) await bucket[Symbol.asyncDispose]()
})

async function start(script: readonly Answer[], options?: Partial<S3Options>): Promise<ScriptedBucket> {
  const bucket = await startScript(script, options)
  running.push(bucket)
  return bucket
}

async function failureOf(work: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )
  if (error instanceof GatewayError) return error
  throw error
}

const jpeg = { contentType: 'image/jpeg' }
const stampOf = (body: string) => ({
  'x-amz-meta-halftone': `v=1;crc32=${crc32(body).toString(16).padStart(8, '0')}`,
})

/** The pauses in milliseconds between four attempts when chance is this, as the SDK sets them. */
async function pausesWith(chance: number): Promise<number[]> {
  const { store, requests } = await start([failure(500, 'InternalError')], { maxAttempts: 4 })
  vi.spyOn(Math, 'random').mockReturnValue(chance)
  const timers = vi.spyOn(globalThis, 'setTimeout')
  await failureOf(store.get('a.jpg'))
  const seen = timers.mock.calls.map(([, delay]) => delay ?? 0)
  vi.restoreAllMocks()
  expect(requests).toHaveLength(4)
  // Longer ones are deadlines of the call and of its sockets.
  return seen.filter((delay) => delay < 400)
}

describe('requirements: Storage – retries with exponential backoff and jitter', () => {
  test('each pause is drawn at random below a bound that doubles', async () => {
    expect(await pausesWith(0.5)).toEqual([25, 50, 100])
    expect(await pausesWith(0.25)).toEqual([12, 25, 50])
  })
})

describe('a bucket that fails', () => {
  test('is unreachable when nothing listens', async () => {
    const { store, url } = await start([silence], { endpoint: 'http://127.0.0.1:1' })
    expect(url).not.toBe('')
    const error = await failureOf(store.get('a.jpg'))
    expect(error.code).toBe('bucket_unreachable')
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('is tried again after 500 and SlowDown', async () => {
    const script = [failure(500, 'InternalError'), failure(503, 'SlowDown'), object('picture')]
    const { store, requests } = await start(script)
    expect(await store.get('a.jpg')).toMatchObject({ outcome: 'found' })
    expect(requests).toHaveLength(3)
  })

  test('is given up after maxAttempts', async () => {
    const { store, requests } = await start([failure(500, 'InternalError')], { maxAttempts: 2 })
    expect((await failureOf(store.put('a.jpg', Buffer.from('x'), jpeg))).code).toBe('bucket_unreachable')
    expect(requests).toHaveLength(2)
  })

  test.each([
    [403, 'AccessDenied'],
    [403, 'SignatureDoesNotMatch'],
    [404, 'NoSuchBucket'],
    [301, 'PermanentRedirect'],
    [400, 'InvalidBucketName'],
  ])('has refused when it says %i %s, at once', async (status, code) => {
    const { store, requests } = await start([failure(status, code)])
    const error = await failureOf(store.get('a.jpg'))
    expect(error.code).toBe('bucket_refused')
    expect(error.cause).toMatchObject({ name: code })
    expect(requests).toHaveLength(1)
  })

  test('says of an archived object that it is, at once', async () => {
    const { store, requests } = await start([failure(403, 'InvalidObjectState')])
    expect(await failureOf(store.get('a.jpg'))).toMatchObject({ code: 'source_archived', status: 415 })
    expect(requests).toHaveLength(1)
  })

  test('has refused a head that is forbidden', async () => {
    const { store } = await start([(_request, response) => response.writeHead(403).end()])
    expect((await failureOf(store.head('a.jpg'))).code).toBe('bucket_refused')
  })

  test('tells clients neither hosts nor credentials', async () => {
    const { store } = await start([failure(403, 'AccessDenied')])
    const error = await failureOf(store.get('some/key.jpg'))
    expect(error.message).not.toMatch(/10\.0\.0\.7|127\.0\.0\.1|key|secret|bucket\b.*\bbucket/)
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('is told by its status behind a proxy that answers with HTML', async () => {
    const { store, requests } = await start([html(502), html(404), html(403)])
    expect(await store.get('a.jpg')).toEqual({ outcome: 'absent' })
    expect((await failureOf(store.get('a.jpg'))).code).toBe('bucket_refused')
    expect(requests).toHaveLength(3)
  })

  test.each([
    [412, 'PreconditionFailed', { ifNoneMatch: '*' }],
    [409, 'ConditionalRequestConflict', { ifNoneMatch: '*' }],
    [404, 'NoSuchKey', { ifMatch: '"1"' }],
  ] as const)('makes a conditional put a conflict with %i %s', async (status, code, condition) => {
    const { store } = await start([failure(status, code)])
    expect(await store.put('a.jpg', Buffer.from('x'), { ...jpeg, ...condition })).toEqual({
      outcome: 'conflict',
    })
  })

  test('makes no conflict of a bucket that is not there', async () => {
    const { store } = await start([failure(404, 'NoSuchBucket')])
    const put = store.put('a.jpg', Buffer.from('x'), { ...jpeg, ifMatch: '"1"' })
    expect((await failureOf(put)).code).toBe('bucket_refused')
  })
})

describe('a body that is not whole', () => {
  const body = 'a picture of a cat'
  const sha = createHash('sha256').update('another body').digest('base64')
  const broken: [string, Answer][] = [
    ['cut short', cutShort(body)],
    ['not what its metadata says', object('a picture of a bat', stampOf(body))],
    ['not what the store says', object(body, { 'x-amz-checksum-sha256': sha })],
  ]

  test.each(broken)('is asked for once more: %s', async (_what, answer) => {
    const { store, requests } = await start([answer, object(body, stampOf(body))])
    const result = await store.get('a.jpg')
    expect(result.outcome === 'found' && result.object.body.toString()).toBe(body)
    expect(requests).toHaveLength(2)
  })

  test.each(broken)('fails the second time: %s', async (_what, answer) => {
    const { store, requests } = await start([answer])
    const error = await failureOf(store.get('a.jpg'))
    expect(error.code).toBe('bucket_unreachable')
    expect(error.cause).toBeInstanceOf(Error)
    expect(requests).toHaveLength(2)
  })

  test.each([
    ['length', 'content-length'],
    ['ETag', 'etag'],
    ['Last-Modified', 'last-modified'],
  ])('is refused without %s, and its socket is given up', async (_what, missing) => {
    const { store, abandoned } = await start([
      (_request, response) => {
        const headers = { etag: '"1"', 'last-modified': new Date(0).toUTCString(), 'content-length': '100' }
        for (const [name, value] of Object.entries(headers))
          if (name !== missing) response.setHeader(name, value)
        response.write('some of it')
      },
    ])
    expect((await failureOf(store.get('a.jpg'))).code).toBe('bucket_unreachable')
    await vi.waitFor(() => expect(abandoned()).toBe(1))
  })

  test('over maxBytes is not read, and its socket is given up', async () => {
    const { store, abandoned } = await start([stalled(1e9)])
    expect(await store.get('a.jpg', { maxBytes: 100 })).toEqual({ outcome: 'too-large', bytes: 1e9 })
    await vi.waitFor(() => expect(abandoned()).toBe(1))
  })
})

describe('time', () => {
  test('ends a call that gets no answer, and its socket', async () => {
    const { store, abandoned } = await start([silence], { callTimeoutMs: 500 })
    const calls = [
      store.get('a.jpg'),
      store.head('a.jpg'),
      store.put('a.jpg', Buffer.from('x'), jpeg),
      store.delete(['a.jpg']),
      store.list('')[Symbol.asyncIterator]().next(),
    ]
    const codes = await Promise.all(calls.map(async (call) => (await failureOf(call)).code))
    expect(codes).toEqual(calls.map(() => 'timed_out'))
    await vi.waitFor(() => expect(abandoned()).toBe(calls.length))
  })

  test('ends a body that stops coming', async () => {
    const { store, abandoned } = await start([stalled(100)], { callTimeoutMs: 150 })
    expect((await failureOf(store.get('a.jpg'))).code).toBe('timed_out')
    await vi.waitFor(() => expect(abandoned()).toBe(1))
  })

  test('ends waits of undici too', async () => {
    const { store } = await start([silence], { headersTimeoutMs: 50, maxAttempts: 1 })
    const error = await failureOf(store.get('a.jpg'))
    expect(error.code).toBe('timed_out')
    expect(error.cause).toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' })
  })

  test('ends between two attempts', async () => {
    const { store } = await start([failure(503, 'SlowDown')], { callTimeoutMs: 50, maxAttempts: 10 })
    const code = (await failureOf(store.get('a.jpg'))).code
    expect(['timed_out', 'bucket_unreachable']).toContain(code)
  })

  test('is also the caller’s, who gets the reason back', async () => {
    const caller = new AbortController()
    const { store, abandoned } = await start([() => caller.abort(new Error('left'))])
    await expect(store.get('a.jpg', { signal: caller.signal })).rejects.toThrow('left')
    await vi.waitFor(() => expect(abandoned()).toBe(1))
  })

  test('tells how far the clocks are apart', async () => {
    const date = new Date(Date.now() + 600_000).toUTCString()
    const { store } = await start([object('x', { date })])
    expect(store.clockSkewMs()).toBeUndefined()
    await store.get('a.jpg')
    expect(store.clockSkewMs()).toBeGreaterThan(590_000)
    expect(store.clockSkewMs()).toBeLessThan(610_000)
  })

  test('is over for a store that is closed', async () => {
    const { store, requests } = await start([object('x')])
    store.close()
    expect((await failureOf(store.get('a.jpg'))).code).toBe('bucket_unreachable')
    expect(requests).toEqual([])
  })
})

describe('a bucket that fails for everybody', () => {
  const busy = failure(503, 'SlowDown')

  test('is not asked while its circuit is open; signing goes on', async () => {
    const { store, requests } = await start([busy], { maxAttempts: 1 })
    for (let key = 0; key < 10; key += 1) await failureOf(store.head(`${key}`))
    expect(requests).toHaveLength(5)
    expect((await failureOf(store.head('a'))).code).toBe('bucket_unreachable')
    const { url } = await createS3Presigner(store.bucket).get({ key: 'a', expiresInS: 60 })
    expect(url).toContain('X-Amz-Signature')
    expect(store.health.circuits.reads.state).toBe('open')
  })

  test('is read while it takes no writes', async () => {
    const { store } = await start(
      [(request, response) => (request.method === 'PUT' ? busy : object('x'))(request, response)],
      {
        maxAttempts: 1,
      },
    )
    for (let key = 0; key < 6; key += 1) await failureOf(store.put(`${key}`, Buffer.from('x'), jpeg))
    expect(store.health.circuits.writes.state).toBe('open')
    expect(await store.get('a.jpg')).toMatchObject({ outcome: 'found' })
  })

  test('costs no more retries than there are in the budget', async () => {
    const { store, requests } = await start([busy], { maxAttempts: 3 })
    // One thing alone opens no circuit.
    await Promise.all(Array.from({ length: 60 }, async () => failureOf(store.head('a.jpg'))))
    expect(requests.length).toBeLessThan(60 + 40)
    expect(store.health.retries.counts.denied).toBeGreaterThan(0)
  })

  test('is asked all the same by a program that is patient', async () => {
    const { store, requests } = await start([busy], { maxAttempts: 1, isPatient: true })
    for (let key = 0; key < 10; key += 1) await failureOf(store.head(`${key}`))
    expect(requests).toHaveLength(10)
  })

  test('is there for callers who left, and away for those whose time was over', async () => {
    const [left, late, overdrawn] = [
      await start([silence], { maxAttempts: 1 }),
      await start([silence], { maxAttempts: 1 }),
      await start([silence], { maxAttempts: 1 }),
    ]
    const leave = async ({ store }: ScriptedBucket, reason: unknown) => {
      await Promise.all(
        Array.from({ length: 6 }, async (_, key) => {
          const caller = new AbortController()
          setTimeout(() => caller.abort(reason), 1_100)
          await store.head(`${key}`, { signal: caller.signal }).catch(() => undefined)
        }),
      )
      return store.health.circuits.reads
    }
    const overdue = new GatewayError('timed_out', 'Took too long')
    // What `AbortSignal.timeout` says.
    const timedOut = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
    const opens = async (bucket: ScriptedBucket, reason: unknown) =>
      // On a machine that is busy a call begins late, and was not long enough.
      vi.waitFor(async () => expect((await leave(bucket, reason)).state).not.toBe('closed'), 20_000)
    const [ofLeft] = await Promise.all([
      leave(left, new Error('left')),
      opens(late, overdue),
      opens(overdrawn, timedOut),
    ])
    expect(ofLeft.state).toBe('closed')
  })
})
