import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createS3Transfers } from '../../src/transfers/s3-transfers.ts'
import type { S3Options } from '../../src/storage/s3-client.ts'
import { type Answer, cutShort, failure, html, object, stalled, startScript } from '../storage/raw-server.ts'

const body = 'a picture of a cat'
const stampOf = (text: string) => ({
  'x-amz-meta-halftone': `v=1;crc32=${crc32(text).toString(16).padStart(8, '0')}`,
})

async function start(answer: Answer, options: Partial<S3Options> = {}) {
  const script = await startScript([answer], { maxAttempts: 1, ...options })
  onTestFinished(() => script[Symbol.asyncDispose]())
  const onAbandoned = ({ cause }: { cause: unknown }) => {
    throw cause
  }
  const transfers = createS3Transfers(script.store.bucket, { onAbandoned })
  const read = async (range?: { first: number; last: number }) => {
    const result = await transfers.download('a', { range })
    return result.outcome === 'found' ? String(await buffer(result.body)) : result.outcome
  }
  return { read, transfers, abandoned: script.abandoned }
}

/** The answer to a request for a range, as a store words it. */
const part =
  (text: string, contentRange: string): Answer =>
  (_request, response) => {
    const headers = { etag: '"1"', 'last-modified': new Date(0).toUTCString() }
    response.writeHead(206, { ...headers, 'content-length': text.length, 'content-range': contentRange })
    response.end(text)
  }

describe('a body that is not whole', () => {
  test.each([
    ['cut off', cutShort(body)],
    ['not what its stamp says', object(body, stampOf('a picture of a dog'))],
  ])('%s ends in an error', async (_what, answer) => {
    const { read } = await start(answer)
    await expect(read()).rejects.toMatchObject({ code: 'bucket_unreachable' })
  })

  test('stalled ends in an error', async () => {
    const { read } = await start(stalled(1000), { bodyTimeoutMs: 50 })
    await expect(read()).rejects.toMatchObject({ code: 'timed_out' })
  })

  test('with a stamp that fits, or none, is given', async () => {
    expect(await (await start(object(body, stampOf(body)))).read()).toBe(body)
    expect(await (await start(object(body))).read()).toBe(body)
    expect(await (await start(object(body, { 'x-amz-meta-halftone': 'v=1' }))).read()).toBe(body)
  })
})

describe('a range', () => {
  test.each([
    ['what was asked for', 'cde', 'bytes 2-4/10'],
    ['up to the end', 'cde', 'bytes 2-4/5'],
  ])('that is %s', async (_what, text, contentRange) => {
    const { read } = await start(part(text, contentRange))
    expect(await read({ first: 2, last: 4 + (contentRange.endsWith('/5') ? 7 : 0) })).toBe(text)
  })

  test.each([
    ['another range', part('bcd', 'bytes 1-3/10')],
    ['a shorter range', part('cd', 'bytes 2-3/10')],
    ['no word of which', part('cde', 'items 2-4')],
    ['the whole', object(body)],
  ])('is not taken when the store sends %s', async (_what, answer) => {
    const { read } = await start(answer)
    await expect(read({ first: 2, last: 4 })).rejects.toMatchObject({ code: 'bucket_unreachable' })
  })
})

describe('a store that refuses or fails', () => {
  test.each([
    [404, 'NoSuchKey', 'absent'],
    [412, 'PreconditionFailed', 'changed'],
  ])('%i %s', async (status, code, outcome) => {
    expect(await (await start(failure(status, code))).read()).toBe(outcome)
  })

  test.each([
    [404, 'NoSuchBucket', 'bucket_refused'],
    [403, 'AccessDenied', 'bucket_refused'],
    [500, 'InternalError', 'bucket_unreachable'],
    [416, 'InvalidRange', 'range_not_satisfiable'],
  ])('%i %s is thrown', async (status, code, expected) => {
    const { read } = await start(failure(status, code))
    await expect(read()).rejects.toMatchObject({ code: expected })
  })

  test('a page of a proxy is told by its status', async () => {
    const { read } = await start(html(502))
    await expect(read()).rejects.toMatchObject({ code: 'bucket_unreachable' })
  })

  test('whoever stops reading gives its connection up', async () => {
    const { transfers, abandoned } = await start(stalled(1000))
    const result = await transfers.download('a')
    if (result.outcome === 'found') result.body.destroy()
    await expect.poll(abandoned).toBe(1)
  })
})

describe('a copy whose conditions do not hold', () => {
  test.each([
    [{ ifMatch: '"1"' }, 'changed'],
    [{ ifNoneMatch: '*' }, 'conflict'],
  ] as const)('%j: %s', async (options, outcome) => {
    const { transfers } = await start(failure(412, 'PreconditionFailed'))
    expect(await transfers.copy('a', 'b', options)).toEqual({ outcome })
  })

  test('is a failure where none was set', async () => {
    const { transfers } = await start(failure(412, 'PreconditionFailed'))
    await expect(transfers.copy('a', 'b')).rejects.toMatchObject({ code: 'bucket_refused' })
  })
})
