import { readdirSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { presign, send, sendSigned, signRequest } from '../signed-request.ts'
import { BUCKET, startTestOrigin, temporaryDirectory } from '../start-test-origin.ts'
import {
  abort,
  begin,
  complete,
  copyPart,
  get,
  multipartEtag,
  put,
  sendPart,
  sendParts,
} from './upload-steps.ts'

const KEY = 'a'

describe('a race of completions has exactly one winner', () => {
  test('to create', async () => {
    const { url } = await startTestOrigin()
    const bodies = range(12).map((index) => `writer ${index}`)
    const uploads = await Promise.all(
      bodies.map(async (body) => {
        const upload = await begin(url, KEY)
        return { upload, parts: await sendParts(upload, [body]) }
      }),
    )
    const answers = await Promise.all(
      uploads.map(({ upload, parts }) => complete(upload, parts, { 'if-none-match': '*' })),
    )
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(11)
    const winner = answers.findIndex(({ status }) => status === 200)
    expect((await get(url, KEY)).body.toString()).toBe(bodies[winner])
  })

  test('to replace, against plain writes too', async () => {
    const { url } = await startTestOrigin()
    const etag = (await put(url, KEY, 'before')).headers.etag ?? ''
    const uploads = await Promise.all(
      range(4).map(async (index) => {
        const upload = await begin(url, KEY)
        return { upload, parts: await sendParts(upload, [`upload ${index}`]) }
      }),
    )
    const answers = await Promise.all([
      ...uploads.map(({ upload, parts }) => complete(upload, parts, { 'if-match': etag })),
      ...range(4).map((index) => put(url, KEY, `writer ${index}`, { 'if-match': etag })),
    ])
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(7)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('the same upload completed by many is completed once, and all hear of it', async () => {
    const { url } = await startTestOrigin()
    const upload = await begin(url, KEY)
    const parts = await sendParts(upload, ['body'])
    const answers = await Promise.all(range(8).map(() => complete(upload, parts, { 'if-none-match': '*' })))
    expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(1)
    expect(answers.every(({ status }) => status === 200)).toBe(true)
  })

  test('between completion, abort and a new part nothing is left over', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    for (const round of range(5)) {
      const upload = await begin(url, `key-${round}`)
      const parts = await sendParts(upload, ['body'])
      const [done, gone] = await Promise.all([
        complete(upload, parts),
        abort(upload),
        sendPart(upload, 1, 'other'),
        sendPart(upload, 2, 'more'),
      ])
      expect([done.status, gone.status].filter((status) => status < 300)).toHaveLength(1)
      expect((await get(url, `key-${round}`)).status).toBe(done.status === 200 ? 200 : 404)
    }
    expect(readdirSync(join(directory, 'uploads'))).toEqual([])
    const objects = readdirSync(join(directory, 'meta', BUCKET))
    expect(readdirSync(join(directory, 'blobs'))).toHaveLength(objects.length)
  })
})

describe('blobs', () => {
  test('of replaced parts, of parts not named, and of aborted uploads are freed', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    const blobs = (): number => readdirSync(join(directory, 'blobs')).length
    const upload = await begin(url, KEY)
    await sendPart(upload, 1, 'first')
    const [part] = await sendParts(upload, ['again'])
    await sendPart(upload, 2, 'not named')
    expect(blobs()).toBe(2)
    expect((await complete(upload, part ? [part] : [])).headers['content-type']).toBe('application/xml')
    expect(blobs()).toBe(1)
    expect((await get(url, KEY)).body.toString()).toBe('again')
    const other = await begin(url, 'other')
    await sendPart(other, 7, 'part')
    expect(blobs()).toBe(2)
    expect((await abort(other)).status).toBe(204)
    expect(blobs()).toBe(1)
    await sendSigned({ url, method: 'DELETE', path: `/${BUCKET}/${KEY}` })
    expect(blobs()).toBe(0)
    expect(readdirSync(join(directory, 'uploads'))).toEqual([])
  })

  test('of a part that breaks off, or whose upload ends meanwhile, are not kept', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory })
    const blobs = (): string[] => readdirSync(join(directory, 'blobs'))
    const upload = await begin(url, KEY)
    const { headers, path } = await signRequest({
      url,
      method: 'PUT',
      path: `/${BUCKET}/${KEY}`,
      query: { partNumber: '1', uploadId: upload.id },
      payload: 'UNSIGNED-PAYLOAD',
    })
    const options = { method: 'PUT', headers: { ...headers, 'content-length': '4' } }
    const broken = request(url + path, options).on('error', () => undefined)
    broken.write('ha')
    await vi.waitFor(() => expect(blobs()).toHaveLength(1))
    broken.destroy()
    await vi.waitFor(() => expect(blobs()).toEqual([]))
    const late = new Promise<number | undefined>((resolve) => {
      const slow = request(url + path, options, (response) => resolve(response.resume().statusCode))
      slow.write('ha')
      vi.waitFor(() => expect(blobs()).toHaveLength(1))
        .then(() => abort(upload))
        .then(
          () => slow.end('lf'),
          () => slow.destroy(),
        )
    })
    expect(await late).toBe(404)
    expect(blobs()).toEqual([])
  })

  test('that are being read are read to their end, and then freed', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory, minPartBytes: 1 })
    const bodies = range(6).map((index) => Buffer.alloc(3_000_000, `part ${index} `))
    const upload = await begin(url, KEY)
    await complete(upload, await sendParts(upload, bodies))
    const { headers, path } = await signRequest({ url, path: `/${BUCKET}/${KEY}` })
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url + path, { headers }, resolve)
        .on('error', reject)
        .end()
    })
    await put(url, KEY, 'new')
    const pieces: Buffer[] = []
    for await (const piece of response.iterator()) pieces.push(Buffer.from(piece))
    expect(Buffer.concat(pieces).equals(Buffer.concat(bodies))).toBe(true)
    expect((await get(url, KEY)).body.toString()).toBe('new')
    await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toHaveLength(1))
  })

  test('that a reader gave up are freed too', async () => {
    const directory = temporaryDirectory()
    const { url } = await startTestOrigin({ directory, minPartBytes: 1 })
    const upload = await begin(url, KEY)
    const bodies = range(3).map(() => Buffer.alloc(5_000_000))
    await complete(upload, await sendParts(upload, bodies))
    const { headers, path } = await signRequest({ url, path: `/${BUCKET}/${KEY}` })
    await new Promise<void>((resolve) => {
      const reading = request(url + path, { headers }, (response) => {
        response.once('data', () => {
          reading.destroy()
          resolve()
        })
      })
      reading.on('error', () => undefined)
      reading.end()
    })
    await sendSigned({ url, method: 'DELETE', path: `/${BUCKET}/${KEY}` })
    await vi.waitFor(() => expect(readdirSync(join(directory, 'blobs'))).toEqual([]))
  })
})

test('a part sent to a presigned URL', async () => {
  const { url } = await startTestOrigin()
  const upload = await begin(url, KEY)
  const query = { partNumber: '1', uploadId: upload.id }
  const presigned = await presign({ url, method: 'PUT', path: `/${BUCKET}/${KEY}`, query })
  const { headers } = await send({ ...presigned, body: 'presigned' })
  expect((await complete(upload, [{ number: 1, etag: headers.etag ?? '' }])).status).toBe(200)
  expect((await get(url, KEY)).body.toString()).toBe('presigned')
})

test('a part copied from the object that the upload replaces', async () => {
  const { url } = await startTestOrigin({ minPartBytes: 1 })
  await put(url, KEY, 'before')
  const upload = await begin(url, KEY)
  const copied = await copyPart(upload, 1, { 'x-amz-copy-source': `${BUCKET}/${KEY}` })
  const etag = /<ETag>&quot;(\w+)&quot;<\/ETag>/.exec(copied.body.toString())?.[1] ?? ''
  const { headers } = await sendPart(upload, 2, ' and after')
  const done = await complete(upload, [
    { number: 1, etag },
    { number: 2, etag: headers.etag ?? '' },
  ])
  expect(done.status).toBe(200)
  const got = await get(url, KEY)
  expect(got.body.toString()).toBe('before and after')
  expect(got.headers.etag).toBe(multipartEtag(['before', ' and after']))
})

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
