import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg } from '../support/library.ts'

const KEY = 'photos/a.jpg'
const PATH = `/img/${KEY}/320.webp`
let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
  await gateway.bucket.put(KEY, await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  await gateway.fetch(PATH)
})
afterAll(() => gateway.close())

const headersOf = (answer: Response) => Object.fromEntries(answer.headers)

test('a GET, a HEAD and a 304 of a memory hit have equal headers', async () => {
  const got = await gateway.fetch(PATH)
  const head = await gateway.fetch(PATH, { method: 'HEAD' })
  expect(got.headers.get('cache-status')).toBe('memory; hit')
  expect(headersOf(head)).toEqual(headersOf(got))

  const etag = got.headers.get('etag') ?? ''
  const same = await gateway.fetch(PATH, { headers: { 'if-none-match': etag } })
  const {
    'content-type': _type,
    'content-length': _length,
    'accept-ranges': _ranges,
    'cache-status': _status,
    ...rest
  } = headersOf(got)
  expect(same.status).toBe(304)
  expect(headersOf(same)).toEqual(rest)
})

test('a hit at the versioned path has the headers of that path, whichever was asked for last', async () => {
  const location = (await gateway.fetch(PATH)).headers.get('content-location') ?? ''
  await gateway.fetch(location)
  for (const [target, cacheControl, contentLocation] of [
    [location, 'public, max-age=31536000, immutable', null],
    [PATH, expect.stringContaining('s-maxage=3600'), location],
    [location, 'public, max-age=31536000, immutable', null],
  ] as const) {
    const answer = await gateway.fetch(target)
    expect(answer.headers.get('cache-status')).toBe('memory; hit')
    expect(answer.headers.get('cache-control')).toEqual(cacheControl)
    expect(answer.headers.get('content-location')).toBe(contentLocation)
  }
})

test('a range of a memory hit is a range', async () => {
  const answer = await gateway.fetch(PATH, { headers: { range: 'bytes=0-3' } })
  expect(answer.status).toBe(206)
  expect(Buffer.from(await answer.arrayBuffer()).toString('latin1')).toBe('RIFF')
})

test('a 304 out of memory is counted as a memory hit', async () => {
  const etag = (await gateway.fetch(PATH)).headers.get('etag') ?? ''
  const count = async () => {
    const text = await (await gateway.adminApp.request('/metrics')).text()
    const line = /^halftone_requests_total\{route="img",status="304",class="B'",layer="memory"\} (\d+)$/m
    return Number(line.exec(text)?.[1] ?? 0)
  }
  const before = await count()
  await gateway.fetch(PATH, { headers: { 'if-none-match': etag } })
  expect(await count()).toBe(before + 1)
})

test('a source that has been replaced is seen behind the hits', async () => {
  const path = '/img/photos/b.jpg/320.webp'
  await gateway.bucket.put('photos/b.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
  await gateway.fetch(path)
  const before = await gateway.fetch(path)
  await gateway.bucket.put('photos/b.jpg', await plainJpeg('#0000ff'), { contentType: 'image/jpeg' })
  gateway.sources.forget('photos/b.jpg')
  const after = await gateway.fetch(path)
  expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'))
  expect((await gateway.fetch(path)).headers.get('etag')).toBe(after.headers.get('etag'))
})
