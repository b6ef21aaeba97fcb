import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signRest } from '../../src/urls/signature.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg, putItem } from '../support/library.ts'

const KEY = 'a key for tests only'
const SECRET = 'what-the-distribution-says'
const CHROMIUM = 'image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8'
const WEBP = 'image/webp,*/*'
const CURL = '*/*'
const M = 'private, max-age=300, stale-if-error=0'
const B1 = 'public, max-age=300, s-maxage=3600, stale-while-revalidate=60, stale-if-error=86400'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway({
    environment: {
      HALFTONE_SIGNING_KEYS: KEY,
      HALFTONE_ORIGIN_SECRETS: `another-of-the-secrets,${SECRET}`,
      HALFTONE_AVIF_MAX_SIDE: '800',
      // No look-up runs out in the middle of a test.
      HALFTONE_LOOKUP_TTL_MS: '60000',
    },
  })
  await putItem(gateway.bucket, '42', ['#c02020', '#20c020'])
  await put('opaque.png', await png('#ff0000'), 'image/png')
  await put('alpha.png', await png('#ff000080'), 'image/png')
  await put('moving.webp', await animation(), 'image/webp')
  await put('untold', await png('#ff000080'), 'binary/octet-stream')
  await put('not.jpg', Buffer.from('<html>'), 'image/jpeg')
})
afterAll(() => gateway.close())

const put = (name: string, bytes: Buffer, contentType: string) =>
  gateway.bucket.put(`photos/${name}`, bytes, { contentType })

/** Of one colour: `#rrggbb`, or transparent with two digits more. */
const png = async (background: string) =>
  sharp({ create: { width: 400, height: 250, channels: background.length > 7 ? 4 : 3, background } })
    .png()
    .toBuffer()

/** Two frames, half transparent. */
async function animation(): Promise<Buffer> {
  const frames = ['#ff000080', '#0000ff80'].map((background) => ({
    create: { width: 320, height: 200, channels: 4 as const, background },
  }))
  const inputs = await Promise.all(frames.map(async (frame) => sharp(frame).png().toBuffer()))
  return sharp(inputs, { join: { animated: true } })
    .webp({ lossless: true })
    .toBuffer()
}

const get = async (target: string, accept?: string, headers: Record<string, string> = {}) =>
  gateway.fetch(target, { headers: { ...headers, ...(accept !== undefined && { accept }) } })

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer())
const typeOf = (answer: Response) => answer.headers.get('content-type')

describe('auto', () => {
  test.each([
    ['/img/items/42/640.auto', CHROMIUM, 'image/avif', '640.avif'],
    ['/img/items/42/640.auto', WEBP, 'image/webp', '640.webp'],
    ['/img/items/42/640.auto', CURL, 'image/jpeg', '640.jpg'],
    ['/img/items/42/640.auto', undefined, 'image/jpeg', '640.jpg'],
    ['/img/items/42/640.auto', 'text/html', 'image/jpeg', '640.jpg'],
    ['/img/items/42/640.auto', 'image/avif;q=0, image/webp;q=0.1', 'image/webp', '640.webp'],
    ['/img/items/42/320@2x.auto', WEBP, 'image/webp', '640.webp'],
    ['/img/items/42/thumbnail.auto', WEBP, 'image/webp', '300.webp'],
    // Larger than AVIF is for.
    ['/img/items/42/800.auto', CHROMIUM, 'image/avif', '800.avif'],
    ['/img/items/42/828.auto', CHROMIUM, 'image/webp', '828.webp'],
    ['/img/items/42/original.auto', CHROMIUM, 'image/webp', 'original.webp'],
    // What the picture is like.
    ['/img/photos/opaque.png/320.auto', CHROMIUM, 'image/avif', '320.avif'],
    ['/img/photos/opaque.png/320.auto', CURL, 'image/jpeg', '320.jpg'],
    ['/img/photos/alpha.png/320.auto', CHROMIUM, 'image/avif', '320.avif'],
    ['/img/photos/alpha.png/320.auto', WEBP, 'image/webp', '320.webp'],
    ['/img/photos/alpha.png/320.auto', CURL, 'image/png', '320.png'],
    ['/img/photos/alpha.png/320.auto', 'image/jpeg', 'image/png', '320.png'],
    ['/img/photos/untold/320.auto', CURL, 'image/png', '320.png'],
    ['/img/photos/moving.webp/200.auto', CHROMIUM, 'image/webp', '200.webp'],
    ['/img/photos/moving.webp/200.auto', CURL, 'image/gif', '200.gif'],
    ['/img/photos/moving.webp/200.auto', 'image/jpeg', 'image/png', '200.png'],
  ])('%s for %s is %s', async (target, accept, type, name) => {
    const answer = await get(target, accept)
    expect([answer.status, typeOf(answer)]).toEqual([200, type])
    const location = answer.headers.get('content-location') ?? ''
    expect(location.replace(/^.*@[\w-]{15}\//, '')).toBe(name)
    expect(answer.headers.get('vary')).toBe('Accept')
    expect(answer.headers.get('cache-control')).toBe(M)
    // One ETag, one stored variant, the same bytes at the path that it names.
    const named = await get(location)
    expect(named.headers.get('etag')).toBe(answer.headers.get('etag'))
    expect(named.headers.has('vary')).toBe(false)
    expect(await bytesOf(named)).toEqual(await bytesOf(answer))
    await gateway.verbs()
    expect(await gateway.bucket.head(location.slice(1))).toMatchObject({ contentType: type })
  })

  test('is no matter of a URL that names its format: AVIF of any size, and the same for all', async () => {
    const answer = await get('/img/items/42/original.avif', 'image/jpeg')
    expect([answer.status, typeOf(answer)]).toEqual([200, 'image/avif'])
    expect(answer.headers.has('vary')).toBe(false)
    expect(answer.headers.get('cache-control')).toBe(B1)
  })

  test('stands nowhere in the bucket', async () => {
    await get('/img/items/42/640.auto', CHROMIUM)
    await gateway.verbs()
    for await (const { key } of gateway.bucket.list('')) expect(key).not.toMatch(/auto/)
  })

  test('of a version is refused: it names its format', async () => {
    const location = (await get('/img/items/42/640.webp')).headers.get('content-location') ?? ''
    const answer = await get(location.replace('.webp', '.auto'), CHROMIUM)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      code: 'invalid_target',
      detail: expect.stringMatching(/^format: with a version it must be one of avif, .*, not auto$/),
    })
  })

  test.each([
    ['/img/items/42/700.auto', '/img/items/42/750.auto'],
    ['/img/items/42/700.AUTO', '/img/items/42/700.auto'],
    ['/img/items/42/thumbnail@2x.auto', '/img/items/42/640.auto'],
  ])('%s is redirected to %s', async (target, location) => {
    const answer = await get(target, CHROMIUM)
    expect([answer.status, answer.headers.get('location')]).toEqual([308, location])
  })

  test('signed, it names a signed path', async () => {
    const rest = 'items/42/333.auto'
    const answer = await get(`/simg/${signRest(rest, KEY)}/${rest}`, WEBP)
    expect([answer.status, typeOf(answer)]).toEqual([200, 'image/webp'])
    const location = answer.headers.get('content-location') ?? ''
    expect(location).toMatch(/^\/simg\/[\w-]{43}\/items\/42\/photos\/p1\/@[\w-]{15}\/333\.webp$/)
    expect((await get(location)).headers.get('etag')).toBe(answer.headers.get('etag'))
  })
})

describe('conditions, HEAD, ranges', () => {
  const target = '/img/items/42/photos/p2/480.auto'

  test('a 304 has the headers of the 200, out of memory and without', async () => {
    const first = await get(target, WEBP)
    const etag = first.headers.get('etag') ?? ''
    const names = [
      'etag',
      'vary',
      'cache-control',
      'last-modified',
      'content-location',
      'x-amz-meta-cache-tag',
    ]
    for (const forget of [() => {}, () => gateway.variants.forgetAll()]) {
      forget()
      const again = await get(target, WEBP, { 'if-none-match': etag })
      expect(again.status).toBe(304)
      for (const name of names) expect(again.headers.get(name), name).toBe(first.headers.get(name))
    }
  })

  test('the ETag of another format is not the right one', async () => {
    const etag = (await get(target, WEBP)).headers.get('etag') ?? ''
    for (let round = 1; round <= 2; round += 1) {
      const other = await get(target, CURL, { 'if-none-match': etag })
      expect([other.status, typeOf(other)]).toEqual([200, 'image/jpeg'])
    }
  })

  test('HEAD has the headers of GET', async () => {
    const got = await get(target, WEBP)
    const head = await gateway.fetch(target, { method: 'HEAD', headers: { accept: WEBP } })
    const { 'cache-status': _, 'server-timing': __, ...same } = Object.fromEntries(got.headers)
    expect(Object.fromEntries(head.headers)).toMatchObject(same)
    expect((await bytesOf(head)).length).toBe(0)
  })

  test('a range is of the format that was negotiated', async () => {
    const part = await get(target, WEBP, { range: 'bytes=0-3' })
    expect([part.status, part.headers.get('vary'), await part.text()]).toEqual([206, 'Accept', 'RIFF'])
  })
})

describe('memory', () => {
  test('every format is a hit of its own, and no bucket call', async () => {
    const target = '/img/items/42/384.auto'
    const types = { [CHROMIUM]: 'image/avif', [WEBP]: 'image/webp', [CURL]: 'image/jpeg' }
    for (const accept of Object.keys(types)) await get(target, accept)
    await gateway.verbs()
    for (const [accept, type] of [...Object.entries(types), ...Object.entries(types)]) {
      const hit = await get(target, accept)
      expect([typeOf(hit), hit.headers.get('cache-status')]).toEqual([type, 'memory; hit'])
      expect(hit.headers.get('content-length')).toBe(`${(await bytesOf(hit)).length}`)
    }
    expect(await gateway.verbs()).toEqual([])
  })

  test('the type alone decides where it can: nothing is found out about the picture', async () => {
    await put('b.png', await png('#00ff0080'), 'image/png')
    await get('/img/photos/b.png/160.auto', CHROMIUM)
    expect(await gateway.verbs()).toEqual(['head', 'get', 'get', 'put', 'head'])
  })

  test('what was found out is kept, and a hit needs no bucket call', async () => {
    await put('c.png', await png('#00ff0080'), 'image/png')
    const first = await get('/img/photos/c.png/160.auto', CURL)
    const stored =
      first.headers
        .get('content-location')
        ?.replace(/[^/]+$/, 'info.json')
        .slice(1) ?? ''
    await gateway.verbs()
    expect(await gateway.bucket.head(stored)).toBeDefined()
    const hit = await get('/img/photos/c.png/160.auto', CURL)
    expect([typeOf(hit), hit.headers.get('cache-status')]).toEqual(['image/png', 'memory; hit'])
    await get('/img/photos/c.png/200.auto', CURL)
    const calls = await gateway.verbs()
    expect(calls.filter((verb) => verb === 'put')).toHaveLength(1)
  })
})

describe('a source that is replaced', () => {
  test.each([
    ['a JPEG', 'image/jpeg', 'image/png'],
    ['something unknown', 'binary/octet-stream', 'binary/octet-stream'],
  ])('%s by a picture with alpha: nothing is lost', async (name, before, after) => {
    const key = `changed-${name.replaceAll(' ', '-')}`
    await put(key, await plainJpeg('#ff0000'), before)
    await get(`/img/photos/${key}/160.webp`)
    // The look-up is remembered, and now wrong.
    await put(key, await png('#00ff0080'), after)
    const answer = await get(`/img/photos/${key}/320.auto`, CURL)
    expect([answer.status, typeOf(answer)]).toEqual([200, 'image/png'])
  })
})

describe('the edge', () => {
  const target = '/img/items/42/256.auto'
  const edge = (value: string, secret = SECRET) => ({ 'x-img-accept': value, 'x-origin-verify': secret })

  test('may keep what it has keyed, and nobody else may', async () => {
    // The first answer is rendered, the others are hits.
    for (let round = 1; round <= 2; round += 1) {
      const keyed = await get(target, CHROMIUM, edge('webp'))
      expect([typeOf(keyed), keyed.headers.get('vary')]).toEqual(['image/webp', 'Accept'])
      expect(keyed.headers.get('cache-control')).toBe(B1)
      const own = await get(target, WEBP)
      expect([typeOf(own), own.headers.get('cache-control')]).toEqual(['image/webp', M])
      expect(own.headers.get('etag')).toBe(keyed.headers.get('etag'))
      const same = await get(target, CHROMIUM, {
        ...edge('webp'),
        'if-none-match': own.headers.get('etag') ?? '',
      })
      expect([same.status, same.headers.get('cache-control')]).toEqual([304, B1])
    }
  })

  test('is not believed without its secret', async () => {
    for (const headers of [{ 'x-img-accept': 'avif' }, edge('avif', 'what somebody else says')]) {
      const answer = await get(target, WEBP, headers)
      expect([typeOf(answer), answer.headers.get('cache-control')]).toEqual(['image/webp', M])
    }
  })

  test('the classes are counted as they are sent', async () => {
    await get(target, WEBP)
    const text = await (await gateway.adminApp.request('/metrics')).text()
    expect(text).toMatch(/halftone_requests_total\{route="img",status="200",class="M",layer="memory"\} \d+/)
  })
})

describe('errors', () => {
  test.each([
    ['/img/items/nothing/320.auto', 404, 'public, max-age=5, s-maxage=5'],
    ['/img/photos/not.jpg/320.auto', 415, 'no-store'],
  ])('%s: %i, %s', async (target, status, cacheControl) => {
    const answer = await get(target, WEBP)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('vary')).toBe('Accept')
    expect(answer.headers.get('cache-control')).toBe(cacheControl)
  })

  test('a verdict that the edge has keyed is as of any picture', async () => {
    const headers = { 'x-img-accept': 'webp', 'x-origin-verify': SECRET }
    const answer = await get('/img/photos/not.jpg/320.auto', WEBP, headers)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=10, s-maxage=60')
  })
})
