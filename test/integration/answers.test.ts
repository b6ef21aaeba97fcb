import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg, putItem, putProfile } from '../support/library.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway({
    environment: { HALFTONE_SIGNING_KEYS: 'a key for tests only', HALFTONE_MAX_SOURCE_MB: '1' },
  })
  const { bucket } = gateway
  await putItem(bucket, '42', ['#c02020', '#20c020'])
  await putProfile(bucket, 'ana', '#2020c0')
  await bucket.put('photos/a.jpg', await plainJpeg('#808080'), { contentType: 'image/jpeg' })
  await bucket.put('photos/not.jpg', Buffer.from('<html>no picture</html>'), { contentType: 'image/jpeg' })
  await bucket.put('photos/cut.jpg', (await noise()).subarray(0, 5000), { contentType: 'image/jpeg' })
  await bucket.put('photos/big.jpg', Buffer.alloc(1024 * 1024 + 1), { contentType: 'image/jpeg' })
  await bucket.put('items/damaged/album.json', Buffer.from('{'), { contentType: 'application/json' })
  await bucket.put('items/copied/album.json', Buffer.from(JSON.stringify(album('42', 'public', photo))), {
    contentType: 'application/json',
  })
  await bucket.put('items/empty/album.json', Buffer.from(JSON.stringify(album('empty', 'public'))), {
    contentType: 'application/json',
  })
  const notPut = await bucket.put('items/spoilt/photos/p1/original-y.jpg', Buffer.from('no picture'), {
    contentType: 'image/jpeg',
  })
  const spoilt = {
    ...photo,
    key: 'items/spoilt/photos/p1/original-y.jpg',
    etag: notPut.outcome === 'stored' ? notPut.etag : '',
    bytes: 10,
  }
  await bucket.put(
    'items/spoilt/album.json',
    Buffer.from(JSON.stringify(album('spoilt', 'public', spoilt))),
    {
      contentType: 'application/json',
    },
  )
  await bucket.put(
    'items/hidden/album.json',
    Buffer.from(JSON.stringify(album('hidden', 'private', photo))),
    {
      contentType: 'application/json',
    },
  )
  for (const key of [
    'verification/u1/passport/f1/p.jpg',
    'system/p.jpg',
    'private/p.jpg',
    'temp/p.jpg',
    'other/p.jpg',
  ]) {
    await bucket.put(key, await plainJpeg('#000000'), { contentType: 'image/jpeg' })
  }
})
afterAll(() => gateway.close())

const photo = {
  photoId: 'p1',
  key: 'items/hidden/photos/p1/original-x.jpg',
  etag: '"x"',
  contentType: 'image/jpeg',
  bytes: 1,
  width: 1,
  height: 1,
  addedAt: '2026-11-22T00:00:00Z',
}
const album = (itemId: string, access: string, ...photos: object[]) => ({
  itemId,
  owner: 'o',
  access,
  photos,
})

async function noise(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  return sharp({ create: { width: 600, height: 400, channels: 3, background: 'grey', noise } })
    .jpeg()
    .toBuffer()
}

describe('a picture', () => {
  test('carries every header of design §6, with exact type and length', async () => {
    const answer = await gateway.fetch('/img/items/42/800.webp')
    const body = Buffer.from(await answer.arrayBuffer())
    expect(answer.status).toBe(200)
    expect(await sharp(body).metadata()).toMatchObject({ format: 'webp', width: 800, height: 500 })
    expect(Object.fromEntries(answer.headers)).toEqual({
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=300, s-maxage=3600, stale-while-revalidate=60, stale-if-error=86400',
      'cache-status': 'memory; fwd=miss, bucket; fwd=miss',
      'content-length': `${body.length}`,
      'content-location': expect.stringMatching(/^\/img\/items\/42\/photos\/p1\/@[\w-]{15}\/800\.webp$/),
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'image/webp',
      'cross-origin-resource-policy': 'cross-origin',
      etag: expect.stringMatching(/^"[\w-]{15}-800\.webp"$/),
      'last-modified': expect.stringMatching(/ GMT$/),
      'server-timing': expect.stringMatching(
        /^fetch;dur=[\d.]+, queue;dur=[\d.]+, decode;dur=[\d.]+, encode;dur=[\d.]+$/,
      ),
      'x-amz-meta-cache-tag': 'item:42,photo:42%2Fp1',
      'x-content-type-options': 'nosniff',
    })
  })

  test.each([
    // size, format, sides, type
    ['/img/items/42/photos/p2/640.jpg', 'jpeg', 640, 400, 'image/jpeg'],
    ['/img/items/42/x480.png', 'png', 768, 480, 'image/png'],
    ['/img/items/42/320x320.avif', 'heif', 320, 320, 'image/avif'],
    ['/img/items/42/thumbnail.webp', 'webp', 300, 188, 'image/webp'],
    ['/img/items/42/medium@1.5x.webp', 'webp', 1200, 750, 'image/webp'],
    ['/img/items/42/3840.jpg', 'jpeg', 1600, 1000, 'image/jpeg'],
    ['/img/items/42/original.webp', 'webp', 1600, 1000, 'image/webp'],
    ['/img/profiles/ana/256x256.webp', 'webp', 256, 256, 'image/webp'],
    ['/img/photos/a.jpg/800.jpg', 'jpeg', 800, 500, 'image/jpeg'],
  ])('%s', async (target, format, ...[width, height, type]) => {
    const answer = await gateway.fetch(target)
    expect(answer.headers.get('content-type')).toBe(type)
    expect(await sharp(await answer.arrayBuffer()).metadata()).toMatchObject({ format, width, height })
  })

  test('has one ETag, one stored variant and the same bytes at its versioned path', async () => {
    const unversioned = await gateway.fetch('/img/items/42/medium.webp')
    await gateway.verbs()
    const path = unversioned.headers.get('content-location') ?? ''
    const versioned = await gateway.fetch(path)
    expect(versioned.headers.get('etag')).toBe(unversioned.headers.get('etag'))
    expect(versioned.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(versioned.headers.has('content-location')).toBe(false)
    expect(versioned.headers.get('cache-status')).toBe('memory; hit')
    const [a, b] = [await unversioned.arrayBuffer(), await versioned.arrayBuffer()]
    expect(Buffer.from(a).equals(Buffer.from(b))).toBe(true)
    const stored = await gateway.bucket.get(path.slice(1))
    expect(stored).toMatchObject({
      outcome: 'found',
      object: {
        contentType: 'image/webp',
        cacheControl: 'public, max-age=31536000, immutable',
        metadata: { 'cache-tag': 'item:42,photo:42%2Fp1', halftone: expect.any(String) },
      },
    })
  })

  test('HEAD renders and stores like GET, and sends its headers without a body', async () => {
    const head = await gateway.fetch('/img/items/42/1080.webp', { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect((await head.arrayBuffer()).byteLength).toBe(0)
    expect(await gateway.verbs()).toContain('put')
    const get = await gateway.fetch('/img/items/42/1080.webp')
    expect(get.headers.get('content-length')).toBe(head.headers.get('content-length'))
    expect(get.headers.get('etag')).toBe(head.headers.get('etag'))
  })
})

describe('conditions and ranges', () => {
  test('If-None-Match: 304 with the headers of the 200, and no body', async () => {
    const first = await gateway.fetch('/img/items/42/960.webp')
    const etag = first.headers.get('etag') ?? ''
    for (const ifNoneMatch of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await gateway.fetch('/img/items/42/960.webp', {
        headers: { 'if-none-match': ifNoneMatch },
      })
      expect(again.status).toBe(304)
      for (const name of [
        'etag',
        'cache-control',
        'last-modified',
        'content-location',
        'x-amz-meta-cache-tag',
      ]) {
        expect(again.headers.get(name), name).toBe(first.headers.get(name))
      }
      expect(again.headers.has('content-length')).toBe(false)
    }
    const other = await gateway.fetch('/img/items/42/960.webp', { headers: { 'if-none-match': '"other"' } })
    expect(other.status).toBe(200)
  })

  test('If-Modified-Since matches on equality only', async () => {
    const first = await gateway.fetch('/img/items/42/960.webp')
    const date = first.headers.get('last-modified') ?? ''
    const at = async (since: string) =>
      (await gateway.fetch('/img/items/42/960.webp', { headers: { 'if-modified-since': since } })).status
    expect(await at(date)).toBe(304)
    expect(await at(new Date(Date.parse(date) + 1000).toUTCString())).toBe(200)
  })

  test('a range, a range on a condition, and one behind the end', async () => {
    const whole = await gateway.fetch('/img/items/42/960.webp')
    const bytes = Buffer.from(await whole.arrayBuffer())
    const part = await gateway.fetch('/img/items/42/960.webp', { headers: { range: 'bytes=2-11' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes 2-11/${bytes.length}`)
    expect(part.headers.get('content-length')).toBe('10')
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(2, 12))

    const etag = whole.headers.get('etag') ?? ''
    for (const [ifRange, status] of [
      [etag, 206],
      [`W/${etag}`, 200],
      ['"other"', 200],
    ] as const) {
      const headers = { range: 'bytes=0-0', 'if-range': ifRange }
      expect((await gateway.fetch('/img/items/42/960.webp', { headers })).status, ifRange).toBe(status)
    }
    const behind = await gateway.fetch('/img/items/42/960.webp', {
      headers: { range: `bytes=${bytes.length}-` },
    })
    expect(behind.status).toBe(416)
    expect(behind.headers.get('content-range')).toBe(`bytes */${bytes.length}`)
    expect(await behind.json()).toMatchObject({ code: 'range_not_satisfiable' })
  })
})

describe('redirects', () => {
  test.each([
    ['another width goes to the next larger', '/img/items/42/700.webp', '/img/items/42/750.webp'],
    ['@n is applied before', '/img/items/42/thumbnail@2x.webp', '/img/items/42/640.webp'],
    ['a box keeps its ratio', '/img/items/42/600x450.jpg', '/img/items/42/640x480.jpg'],
    ['jpeg is jpg', '/img/items/42/800.jpeg', '/img/items/42/800.jpg'],
    ['upper case and zeros', '/img/items/42/0800.WEBP', '/img/items/42/800.webp'],
    ['one encoding', '/img/photos/%61.jpg/800.webp', '/img/photos/a.jpg/800.webp'],
    ['queries are dropped', '/img/photos/%61.jpg/800.webp?v=1', '/img/photos/a.jpg/800.webp'],
  ])('%s', async (_, target, location) => {
    await gateway.verbs()
    const answer = await gateway.fetch(target)
    expect(answer.status).toBe(308)
    expect(answer.headers.get('location')).toBe(location)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=86400')
    expect(await gateway.verbs()).toEqual([])
  })

  test('a query is no part of the picture', async () => {
    const plain = await gateway.fetch('/img/items/42/800.webp')
    const busted = await gateway.fetch('/img/items/42/800.webp?v=2')
    expect(busted.status).toBe(200)
    expect(busted.headers.get('etag')).toBe(plain.headers.get('etag'))
  })
})

describe('errors', () => {
  const F = 'public, max-age=60, s-maxage=3600'
  const verdict = 'public, max-age=10, s-maxage=60'
  const E = 'public, max-age=5, s-maxage=5'
  test.each([
    ['/img/items/42/800', 400, 'invalid_target', F],
    ['/img/items/42/800.bmp', 400, 'invalid_target', F],
    ['/img/items/42/auto.webp', 400, 'invalid_target', F],
    ['/img/items/42/9000.webp', 400, 'size_not_allowed', F],
    ['/img/items/42/800x700.webp', 400, 'size_not_allowed', F],
    ['/img/items/%2e%2e/800.webp', 400, 'invalid_target', F],
    ['/img/items/../x/800.webp', 400, 'invalid_target', F],
    ['/img/items/a%2Fb/800.webp', 400, 'invalid_target', F],
    ['/img/items/%ff/800.webp', 400, 'invalid_target', F],
    ['/img/items/%00/800.webp', 400, 'invalid_target', F],
    ['/img//800.webp', 400, 'invalid_target', F],
    ['/img/800.webp', 400, 'invalid_target', F],
    ['/simg/nonsense/items/42/801.webp', 403, 'invalid_signature', 'no-store'],
    ['/img/items/nothing/800.webp', 404, 'source_not_found', E],
    ['/img/items/empty/800.webp', 404, 'source_not_found', E],
    ['/img/items/42/photos/p9/800.webp', 404, 'source_not_found', E],
    ['/img/items/hidden/800.webp', 404, 'source_not_found', E],
    ['/img/items/copied/800.webp', 500, 'record_invalid', 'no-store'],
    ['/img/items/damaged/800.webp', 500, 'record_invalid', 'no-store'],
    ['/img/photos/not.jpg/800.webp', 415, 'source_not_a_picture', verdict],
    ['/img/photos/cut.jpg/800.webp', 415, 'source_broken', verdict],
    ['/img/photos/big.jpg/800.webp', 415, 'source_too_large', verdict],
    ['/nowhere', 404, 'route_not_found', E],
  ])('%s → %i %s', async (target, status, code, cacheControl) => {
    const answer = await gateway.fetch(target)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('cache-control')).toBe(cacheControl)
    expect(await answer.json()).toMatchObject({ code, status, detail: expect.any(String) })
  })

  test.each([
    'verification/u1/passport/f1/p.jpg',
    'system/p.jpg',
    'private/p.jpg',
    'temp/p.jpg',
    'other/p.jpg',
    'items/42/album.json',
  ])('%s is no source, whoever asks how, and the bucket is not asked for it', async (key) => {
    await gateway.verbs()
    for (const spelling of [key, key.replace('p', '%70')]) {
      const answer = await gateway.fetch(`/img/${spelling}/800.webp`)
      expect([404, 308]).toContain(answer.status)
    }
    expect(await gateway.verbs()).toEqual([])
  })

  test('absence and verdicts carry tags, so that an upload clears them; failures do not', async () => {
    const tagOf = async (target: string) => (await gateway.fetch(target)).headers.get('x-amz-meta-cache-tag')
    expect(await tagOf('/img/items/nothing/800.webp')).toBe('item:nothing')
    expect(await tagOf('/img/photos/not.jpg/800.webp')).toBe('key:photos%2Fnot.jpg')
    expect(await tagOf('/img/items/hidden/800.webp')).toBe('item:hidden')
    expect(await tagOf('/img/items/damaged/800.webp')).toBeNull()
  })

  test('a picture, a verdict and a redirect by the name of an item carry the tag of its cover', async () => {
    const about = async (target: string) => {
      const { status, headers } = await gateway.fetch(target)
      return [status, headers.get('x-amz-meta-cache-tag')]
    }
    expect(await about('/img/items/42/800.webp')).toEqual([200, 'item:42,photo:42%2Fp1'])
    expect(await about('/img/items/42/@abcdefghijklmno/800.webp')).toEqual([302, 'item:42,photo:42%2Fp1'])
    expect(await about('/img/items/spoilt/800.webp')).toEqual([415, 'item:spoilt,photo:spoilt%2Fp1'])
  })

  test('a verdict is remembered while the version lasts, and forgotten with it', async () => {
    await gateway.bucket.put('photos/mended.jpg', Buffer.from('no'), { contentType: 'image/jpeg' })
    expect((await gateway.fetch('/img/photos/mended.jpg/800.webp')).status).toBe(415)
    await gateway.verbs()
    expect((await gateway.fetch('/img/photos/mended.jpg/320.jpg')).status).toBe(415)
    expect(await gateway.verbs()).toEqual([])
    await gateway.bucket.put('photos/mended.jpg', await plainJpeg('#123456'), { contentType: 'image/jpeg' })
    gateway.sources.forget('photos/mended.jpg')
    expect((await gateway.fetch('/img/photos/mended.jpg/800.webp')).status).toBe(200)
  })

  test('other methods are told which are there', async () => {
    const post = await gateway.fetch('/img/items/42/800.webp', { method: 'POST' })
    expect(post.status).toBe(405)
    expect(post.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    expect(post.headers.get('cache-control')).toBe('no-store')
    const options = await gateway.fetch('/img/items/42/800.webp', { method: 'OPTIONS' })
    expect(options.status).toBe(204)
    expect(options.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    expect(options.headers.get('access-control-allow-origin')).toBe('*')
  })
})
