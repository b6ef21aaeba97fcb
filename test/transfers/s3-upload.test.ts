import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { S3Options } from '../../src/storage/s3-client.ts'
import { createS3Transfers } from '../../src/transfers/s3-transfers.ts'
import { type Answer, failure, startScript } from '../storage/raw-server.ts'

const MB = 1024 * 1024
const jpeg = { contentType: 'image/jpeg' }
const piece = Buffer.alloc(MB, 'x')

type Reply = (request: IncomingMessage, count: number) => Answer

/** What the steps of an upload are answered with, by what they ask for; `count` is how often that was asked. */
type Replies = Partial<Record<'begin' | 'part' | 'complete' | 'abort' | 'put' | 'copy', Reply>>

const xml =
  (body: string): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${body}`)
  }
const tagged: Answer = (_request, response) => response.writeHead(200, { etag: '"1"' }).end()

const good: Required<Replies> = {
  begin: () => xml('<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>'),
  part: () => tagged,
  complete: () =>
    xml('<CompleteMultipartUploadResult><ETag>&quot;1-2&quot;</ETag></CompleteMultipartUploadResult>'),
  abort: () => (_request, response) => response.writeHead(204).end(),
  put: () => tagged,
  copy: () => xml('<CopyObjectResult><ETag>&quot;1&quot;</ETag></CopyObjectResult>'),
}

function stepOf({ method, url = '', headers }: IncomingMessage): keyof Replies {
  if (method === 'POST') return url.includes('uploads') ? 'begin' : 'complete'
  if (method === 'DELETE') return 'abort'
  if (headers['x-amz-copy-source'] !== undefined) return 'copy'
  return url.includes('partNumber') ? 'part' : 'put'
}

/** A store that does as it is told, and a record of what it was asked. */
async function start(replies: Replies = {}, options: Partial<S3Options> = {}) {
  const asked: { readonly step: keyof Replies; readonly headers: IncomingMessage['headers'] }[] = []
  const abandoned: unknown[] = []
  const answer: Answer = (request, response) => {
    const step = stepOf(request)
    asked.push({ step, headers: request.headers })
    const count = asked.filter((each) => each.step === step).length
    const reply = { ...good, ...replies }[step]
    reply(request, count)(request, response)
  }
  const script = await startScript([answer], { maxAttempts: 1, ...options })
  onTestFinished(() => script[Symbol.asyncDispose]())
  const transfers = createS3Transfers(script.store.bucket, {
    onAbandoned: (upload) => abandoned.push(upload),
  })
  const steps = () => asked.map(({ step }) => step)
  return { transfers, store: script.store, asked, steps, abandoned }
}

const pieces = (count: number) => Readable.from(Array.from({ length: count }, () => piece))

describe('an upload in parts', () => {
  test('is begun, sent, completed, and carries its condition with the last of these', async () => {
    const { transfers, asked, steps } = await start()
    expect(await transfers.upload('a', pieces(9), { ...jpeg, ifNoneMatch: '*' })).toEqual({ etag: '"1-2"' })
    expect(steps().toSorted()).toEqual(['begin', 'complete', 'part', 'part'])
    expect(asked.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
      undefined,
      '*',
    ])
    const sums = asked.flatMap(({ step, headers }) => (step === 'part' ? [headers['content-md5']] : []))
    expect(sums).toEqual([expect.stringMatching(/^.{22}==$/), expect.stringMatching(/^.{22}==$/)])
  })

  test('is aborted when a part fails, whose failure is thrown', async () => {
    const reply: Reply = (_request, count) => (count === 2 ? failure(403, 'AccessDenied') : tagged)
    const { transfers, steps, abandoned } = await start({ part: reply })
    const upload = transfers.upload('a', pieces(40), jpeg)
    await expect(upload).rejects.toMatchObject({ code: 'bucket_refused' })
    expect(steps().at(-1)).toBe('abort')
    expect(steps()).not.toContain('complete')
    expect(abandoned).toEqual([])
  })

  test('ends at once when a part fails while the stream is silent', async () => {
    const { transfers, steps } = await start({ part: () => failure(500, 'InternalError') })
    const body = new Readable({ read() {} })
    const upload = transfers.upload('a', body, jpeg)
    for (let count = 0; count < 8; count += 1) body.push(piece)
    await expect(upload).rejects.toMatchObject({ code: 'bucket_unreachable' })
    expect(body.destroyed).toBe(true)
    expect(steps()).toEqual(['begin', 'part', 'abort'])
  })

  test('that cannot be aborted is told of, and still fails with what came first', async () => {
    const { transfers, abandoned } = await start({
      part: () => failure(403, 'AccessDenied'),
      abort: () => failure(500, 'InternalError'),
    })
    await expect(transfers.upload('a', pieces(9), jpeg)).rejects.toMatchObject({ code: 'bucket_refused' })
    expect(abandoned).toMatchObject([{ key: 'a', uploadId: 'u1', cause: { code: 'bucket_unreachable' } }])
  })

  test.each([
    [412, 'PreconditionFailed'],
    [409, 'ConditionalRequestConflict'],
  ])('is a conflict, and aborted, when its completion is answered with %i', async (status, code) => {
    const { transfers, steps } = await start({ complete: () => failure(status, code) })
    expect(await transfers.upload('a', pieces(9), { ...jpeg, ifNoneMatch: '*' })).toBe('conflict')
    expect(steps().at(-1)).toBe('abort')
  })

  test('fails when the completion fails behind a status of 200', async () => {
    const late = xml('<Error><Code>InternalError</Code><Message>late</Message></Error>')
    const { transfers, steps } = await start({ complete: () => late })
    await expect(transfers.upload('a', pieces(9), jpeg)).rejects.toMatchObject({ code: 'bucket_unreachable' })
    expect(steps().at(-1)).toBe('abort')
  })

  test('a part that fails in passing is sent again', async () => {
    const reply: Reply = (_request, count) => (count === 1 ? failure(503, 'SlowDown') : tagged)
    const { transfers, steps } = await start({ part: reply }, { maxAttempts: 2 })
    expect(await transfers.upload('a', pieces(9), jpeg)).toEqual({ etag: '"1-2"' })
    expect(steps().filter((step) => step === 'part')).toHaveLength(3)
  })

  test('reads no further than the parts on their way', async () => {
    const waiting: (() => void)[] = []
    const { transfers } = await start({
      part: () => (request, response) => waiting.push(() => tagged(request, response)),
    })
    let read = 0
    const body = new Readable({
      highWaterMark: MB,
      read() {
        read += 1
        this.push(read > 100 ? null : piece)
      },
    })
    const upload = transfers.upload('a', body, jpeg)
    await expect.poll(() => waiting.length, { timeout: 20_000 }).toBe(3)
    // Parts of 8 MB; a little more lies in the stream.
    expect(read).toBeLessThanOrEqual(3 * 8 + 2)
    const letThrough = setInterval(() => waiting.splice(0).forEach((pass) => pass()), 1)
    onTestFinished(() => clearInterval(letThrough))
    expect(await upload).toEqual({ etag: '"1-2"' })
  })
})

describe('requirements: Safety – encryption at rest asked for, with every write', () => {
  const write = async (options: Partial<S3Options>) => {
    const { transfers, store, asked } = await start({}, options)
    await store.put('a', piece, jpeg)
    await transfers.upload('a', pieces(1), jpeg)
    await transfers.upload('a', pieces(9), jpeg)
    await transfers.copy('a', 'b')
    return asked
      .filter(({ step }) => ['put', 'begin', 'copy'].includes(step))
      .map(({ headers }) => [
        headers['x-amz-server-side-encryption'],
        headers['x-amz-server-side-encryption-aws-kms-key-id'],
        headers['x-amz-server-side-encryption-bucket-key-enabled'],
      ])
  }

  test.each([
    [undefined, [undefined, undefined, undefined]],
    [{ by: 's3' }, ['AES256', undefined, undefined]],
    [{ by: 'kms' }, ['aws:kms', undefined, 'true']],
    [{ by: 'kms', keyId: 'alias/a' }, ['aws:kms', 'alias/a', 'true']],
  ] as const)('%j', async (encryption, expected) => {
    expect(await write({ encryption })).toEqual(Array(4).fill(expected))
  })
})
