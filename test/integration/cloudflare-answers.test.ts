import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenSite, type Site, startSite } from '../support/cloudflare.ts'
import { putItem, setAccess } from '../support/library.ts'
import { corners, fade } from '../support/pictures.ts'

const BROWSER = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8'
const SECRET = 'what-the-distribution-says'
const M = 'private, max-age=300, stale-if-error=0'
const B1 = 'public, max-age=300, s-maxage=3600, stale-while-revalidate=60, stale-if-error=86400'

let site: Site
let gateway: OpenSite

beforeAll(async () => {
  site = await startSite()
  await site.put('a.jpg', corners(1080, 720))
  await site.put('fade.png', fade(64, 64, [200, 30, 30]), 'png')
  await site.store.put('moving.webp', await moving('webp'), { contentType: 'image/webp' })
  await site.store.put('moving.gif', await moving('gif'), { contentType: 'image/gif' })
  await site.store.put('not.jpg', Buffer.from('<html>'), { contentType: 'image/jpeg' })
  await site.store.put('drawing.svg', Buffer.from(DRAWING), { contentType: 'image/svg+xml' })
  await site.store.put('untold.svg', Buffer.from(DRAWING), { contentType: 'binary/octet-stream' })
  await putItem(site.store, '42', ['#c02020'])
  await putItem(site.store, 'hidden', ['#20c020'])
  await setAccess(site.store, 'hidden', 'private')
  gateway = await site.open({
    environment: { HALFTONE_ORIGIN_SECRETS: SECRET, HALFTONE_LOOKUP_TTL_MS: '60000' },
  })
})
afterAll(async () => {
  await gateway.close()
  await site.stop()
})

const DRAWING =
  '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><script>alert(1)</script><rect width="8" height="8"/></svg>'

async function moving(format: 'webp' | 'gif'): Promise<Buffer> {
  const frames = ['#ff0000', '#0000ff'].map((background) => ({
    create: { width: 32, height: 20, channels: 3 as const, background },
  }))
  const inputs = await Promise.all(frames.map(async (frame) => sharp(frame).png().toBuffer()))
  return sharp(inputs, { join: { animated: true } })
    .toFormat(format)
    .toBuffer()
}

const typeOf = (answer: Response) => answer.headers.get('content-type')

describe('one picture, two dialects', () => {
  test.each([
    ['w=480,f=webp/items/42', '/img/items/42/480.webp'],
    ['width=480,fit=scale-down,format=webp,quality=85/items/42', '/img/items/42/480.webp'],
    ['w=240,dpr=2,f=avif/items/42/photos/p1', '/img/items/42/photos/p1/480.avif'],
    ['w=480,f=jpeg,metadata=none/items/42', '/img/items/42/480.jpg'],
    ['h=320,f=webp/items/42', '/img/items/42/x320.webp'],
    ['w=300,h=300,fit=cover,g=auto,f=webp/items/42', '/img/items/42/300x300.webp'],
  ])('%s is %s: one ETag, one place for good', async (tail, native) => {
    const [own, theirs] = [await gateway.fetch(native), await gateway.get(tail)]
    expect([own.status, theirs.status]).toEqual([200, 200])
    for (const name of ['etag', 'content-location', 'last-modified', 'cache-control', 'content-length']) {
      expect(theirs.headers.get(name)).toBe(own.headers.get(name))
    }
    expect(theirs.headers.get('etag')).not.toBeNull()
  })
})

describe('an answer', () => {
  test('says how it came about, and has our headers', async () => {
    const target = 'w=128,f=webp/a.jpg'
    const [first, second] = [await gateway.get(target), await gateway.get(target)]
    expect(first.headers.get('cf-resized')).toBe('internal=ok/m by=render')
    expect(second.headers.get('cf-resized')).toBe('internal=ok/h')
    expect(second.headers.get('cache-status')).toBe('memory; hit')
    for (const { headers } of [first, second]) {
      expect(headers.get('cache-control')).toBe(B1)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('warning')).toBeNull()
      expect(headers.get('vary')).toBeNull()
    }
  })

  test('that is known costs no bucket call; one that is stored at most two', async () => {
    const other = await site.open()
    await other.get('w=96,f=webp/a.jpg')
    await other.verbs()
    await other.get('w=96,f=webp/a.jpg')
    expect(await other.verbs()).toEqual([])
    await other.close()
    const fresh = await site.open()
    expect((await fresh.get('w=96,f=webp/a.jpg')).headers.get('cf-resized')).toBe('internal=ok/m by=bucket')
    expect(await fresh.verbs()).toEqual(['head', 'get'])
    await fresh.close()
  })

  test('GET and HEAD of it have equal headers; a condition, a range and OPTIONS are as of native URLs', async () => {
    const target = 'w=160,f=webp/a.jpg'
    await gateway.get(target)
    const got = await gateway.get(target)
    const head = await gateway.get(target, {}, 'HEAD')
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(got.headers))
    const etag = got.headers.get('etag') ?? ''
    const same = await gateway.get(target, { 'if-none-match': etag })
    expect([same.status, same.headers.get('etag'), same.headers.get('cf-resized')]).toEqual([
      304,
      etag,
      'internal=ok/h',
    ])
    const range = await gateway.get(target, { range: 'bytes=0-3' })
    expect([range.status, await range.text()]).toEqual([206, 'RIFF'])
    const options = await gateway.get(target, {}, 'OPTIONS')
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
  })

  test.each([
    ['fit=cover,w=320/a.jpg', 'cover fit mode needs both width and height'],
    ['w=320,f=png/a.jpg', 'JPEG vs PNG selection is automatic'],
  ])('%s warns: %s', async (tail, text) => {
    const answers = [await gateway.get(tail), await gateway.get(tail)]
    expect(answers.map(({ headers }) => headers.get('warning'))).toEqual(
      answers.map(() => `cf-images 299 "${text}"`),
    )
  })

  test.each([
    ['w=32/fade.png', 'image/png'],
    ['w=32,background=white/fade.png', 'image/jpeg'],
    ['w=16/moving.gif', 'image/gif'],
    ['w=16/moving.webp', 'image/webp'],
    ['w=16,anim=false/moving.webp', 'image/jpeg'],
  ])('without a format, %s is %s', async (tail, type) => {
    const answer = await gateway.get(tail, { accept: BROWSER })
    expect([answer.status, typeOf(answer), answer.headers.get('vary')]).toEqual([200, type, null])
    expect(answer.headers.get('cache-control')).toBe(B1)
  })

  test('auto: kept by browsers alone unless the edge keys on what it was chosen by', async () => {
    const plain = await gateway.get('w=64,f=auto/a.jpg', { accept: BROWSER })
    expect([typeOf(plain), plain.headers.get('cache-control')]).toEqual(['image/avif', M])
    const keyed = { 'x-img-accept': 'webp', 'x-origin-verify': SECRET }
    const answers = [await gateway.get('w=64,f=auto/a.jpg', keyed)]
    answers.push(await gateway.get('w=64,f=auto/a.jpg', keyed))
    for (const answer of [plain, ...answers]) expect(answer.headers.get('vary')).toBe('Accept')
    for (const answer of answers) {
      expect([typeOf(answer), answer.headers.get('cache-control')]).toEqual(['image/webp', B1])
    }
  })

  test.each([
    ['w=auto,f=webp/a.jpg', { 'sec-ch-viewport-width': '300' }, 320],
    ['w=auto,f=webp/a.jpg', { 'user-agent': 'Mozilla (iPhone)' }, 768],
    ['w=auto,f=webp/a.jpg', { 'user-agent': 'Mozilla' }, 1080],
  ])('%s for %j is %i wide, for this client alone', async (tail, headers: Record<string, string>, width) => {
    for (const answer of [await gateway.get(tail, headers), await gateway.get(tail, headers)]) {
      expect(answer.headers.get('cache-control')).toBe(M)
      expect(answer.headers.get('vary')).toContain('Sec-CH-Viewport-Width')
      expect((await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).width).toBe(width)
    }
  })

  test('on a slow connection the other quality counts', async () => {
    const etagFor = async (headers: Record<string, string>) =>
      (await gateway.get('w=200,f=webp,scq=50/a.jpg', headers)).headers.get('etag')
    const [fast, slow, again] = [
      await etagFor({}),
      await etagFor({ 'save-data': 'on' }),
      await etagFor({ rtt: '200' }),
    ]
    expect(slow).toBe(again)
    expect(slow).not.toBe(fast)
  })

  test.each([
    ['w=4,f=webp/drawing.svg'],
    ['f=auto,w=4/untold.svg'],
    ['f=svg/drawing.svg'],
    ['w=4,rotate=90/drawing.svg'],
  ])('%s is the drawing, made harmless', async (tail) => {
    for (const answer of [await gateway.get(tail), await gateway.get(tail)]) {
      expect([answer.status, typeOf(answer)?.split(';')[0]]).toEqual([200, 'image/svg+xml'])
      const text = await answer.text()
      expect(text).toContain('<rect')
      expect(text).not.toContain('script')
    }
  })
})

describe('format=json', () => {
  test.each([
    ['w=16,f=json/moving.gif', { width: 16, height: 10, frames: 2 }],
    ['w=16,f=json,anim=false/moving.gif', { width: 16, height: 10 }],
    ['w=500,f=json/a.jpg', { width: 500, height: 333 }],
  ])('%s is %j', async (tail, expected) => {
    const { original, ...measured } = JSON.parse(await (await gateway.get(tail)).text())
    expect(measured).toEqual(expected)
    expect(Object.keys(original)).toEqual(['file_size', 'width', 'height', 'format'])
  })
})

describe('AVIF, of which sides of 100 are the limit', () => {
  let limited: OpenSite

  beforeAll(async () => {
    limited = await site.open({
      environment: {
        HALFTONE_AVIF_MAX_SIDE: '100',
        HALFTONE_ORIGIN_SECRETS: SECRET,
        HALFTONE_LOOKUP_TTL_MS: '60000',
      },
    })
  })
  afterAll(async () => limited.close())

  const TOO_LARGE = 'cf-images 299 "image too large for AVIF"'
  const WEBP_ALONE = 'image/webp,*/*;q=0.8'

  test.each([
    ['w=120,f=auto/a.jpg', BROWSER, 'image/webp', TOO_LARGE],
    ['w=120,f=auto/a.jpg', WEBP_ALONE, 'image/webp', null],
    ['w=120,f=auto/a.jpg', 'image/avif,image/webp;q=1,*/*;q=0.1', 'image/webp', TOO_LARGE],
    ['w=120,f=auto/a.jpg', 'image/avif;q=0.5,image/webp', 'image/webp', null],
    ['w=100,f=auto/a.jpg', BROWSER, 'image/avif', null],
    ['w=200,f=auto/fade.png', BROWSER, 'image/avif', null],
    ['w=200,h=200,fit=contain,f=auto/fade.png', BROWSER, 'image/webp', TOO_LARGE],
    ['w=200,fit=contain,f=auto/moving.gif', BROWSER, 'image/webp', null],
    ['w=120,f=avif/a.jpg', BROWSER, 'image/avif', null],
    ['w=120/a.jpg', BROWSER, 'image/jpeg', null],
    [
      'fit=cover,w=120,f=auto/a.jpg',
      BROWSER,
      'image/webp',
      `cf-images 299 "cover fit mode needs both width and height", ${TOO_LARGE}`,
    ],
  ])('%s for %s is %s, Warning: %s', async (tail, accept, type, warning) => {
    // The second answer is given out of memory, where one for another client may lie.
    for (const answer of [await limited.get(tail, { accept }), await limited.get(tail, { accept })]) {
      expect([answer.status, typeOf(answer), answer.headers.get('warning')]).toEqual([200, type, warning])
    }
  })

  test('is told in a 304, and to the edge by its own class', async () => {
    const tail = 'w=130,f=auto/a.jpg'
    const first = await limited.get(tail, { accept: BROWSER })
    const known = { accept: BROWSER, 'if-none-match': first.headers.get('etag') ?? '' }
    const same = await limited.get(tail, known)
    expect([same.status, same.headers.get('warning')]).toEqual([304, TOO_LARGE])
    for (const [by, warning] of [
      ['avif', TOO_LARGE],
      ['webp', null],
    ] as const) {
      const answer = await limited.get(tail, { 'x-img-accept': by, 'x-origin-verify': SECRET })
      expect([typeOf(answer), answer.headers.get('warning')]).toEqual(['image/webp', warning])
    }
  })
})

describe('the edge', () => {
  test.each([
    ['tags', 's-maxage=2592000', 's-maxage=2592000'],
    ['paths', 's-maxage=2592000', 's-maxage=3600'],
  ])('that is told of changes by %s keeps native URLs with %s, these with %s', async (by, native, own) => {
    const environment = { HALFTONE_CLOUDFRONT_DISTRIBUTION_ID: 'EDGE', HALFTONE_PURGE_BY: by }
    const told = await site.open({ environment })
    await told.journal.read()
    for (const [target, expected] of [
      ['/img/items/42/64.webp', native],
      ['/cdn-cgi/image/w=64,f=webp/items/42', own],
    ] as const) {
      for (const answer of [await told.fetch(target), await told.fetch(target)]) {
        expect(answer.headers.get('cache-control')).toContain(expected)
        expect(answer.headers.get('x-amz-meta-cache-tag')).toContain('item:42')
      }
    }
    await told.close()
  })
})

describe('an error', () => {
  test.each([
    ['format=jpg/a.jpg', 400, 9401],
    ['format=mp4/a.jpg', 400, 9401],
    ['blur=251/a.jpg', 400, 9401],
    ['w=10/%zz', 403, 9406],
    ['w=10/a%2Fb.jpg', 403, 9406],
    ['w=10/https://evil.test/a.jpg', 403, 9401],
    ['w=10/nothing.jpg', 404, 9404],
    ['w=10/items/hidden', 404, 9404],
    ['w=10/not.jpg', 415, 9412],
    ['format=svg/a.jpg', 415, 9412],
    ['w=10/cdn-cgi/image/w=20/a.jpg', 508, 9403],
    ['w=10', 404, 9404],
    ['w=10/', 404, 9404],
  ])('%s: %i, ERROR %i', async (tail, status, number) => {
    const answer = await gateway.get(tail)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('cf-resized')).toBe(`err=${number}`)
    expect(typeOf(answer)).toBe('text/plain; charset=utf-8')
    expect(await answer.text()).toMatch(new RegExp(`^ERROR ${number}: \\S`))
  })

  test('of a method is told which there are', async () => {
    const answer = await gateway.get('w=10/a.jpg', {}, 'POST')
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  test('says which formats there are', async () => {
    expect(await (await gateway.get('format=jpg/a.jpg')).text()).toMatch(/jpeg/)
  })

  test('is no longer kept than what it is about', async () => {
    const cacheControl = async (tail: string) => (await gateway.get(tail)).headers.get('cache-control')
    expect(await cacheControl('w=10/nothing.jpg')).toBe('public, max-age=5, s-maxage=5')
    expect(await cacheControl('w=11/not.jpg')).toBe('public, max-age=10, s-maxage=60')
    expect(await cacheControl('w=10/https://evil.test/a.jpg')).toBe('no-store')
  })
})

describe('onerror=redirect', () => {
  test.each([
    ['format=jpg,onerror=redirect/a.jpg', '/a.jpg'],
    ['w=10,onerror=redirect/nothing%20here.jpg?v=3', '/nothing%20here.jpg?v=3'],
    ['w=10,onerror=redirect//nothing.jpg', '/nothing.jpg'],
    ['w=10,onerror=redirect/not.jpg', '/not.jpg'],
    ['w=10,onerror=redirect/http://img.test/b.jpg?x=1', 'http://img.test/b.jpg?x=1'],
    ['w=10,onerror=redirect/http://test/nothing.jpg', 'http://test/nothing.jpg'],
  ])('%s: 307 to %s', async (tail, location) => {
    const answer = await gateway.get(tail)
    expect([answer.status, answer.headers.get('location')]).toEqual([307, location])
    expect(answer.headers.get('cf-resized')).toMatch(/^err=\d{4}$/)
  })

  test.each([
    ['w=10,onerror=redirect/https://evil.example/a.jpg'],
    ['w=10,onerror=redirect/https://eviltest/a.jpg'],
    ['w=10,onerror=none/nothing.jpg'],
    ['w=10,onerror=redirect/a%2Fb.jpg'],
  ])('%s: nobody is sent anywhere', async (tail) => {
    const answer = await gateway.get(tail)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.headers.get('location')).toBeNull()
  })

  test('without a host there is no name below it', async () => {
    const answer = await gateway.get('w=10,onerror=redirect/https://evil.example./a.jpg', { host: '' })
    expect([answer.status, answer.headers.get('location')]).toEqual([403, null])
  })

  test('behind an edge that tells no host, to the hosts of the site that are configured', async () => {
    const behind = await site.open({ environment: { HALFTONE_CDN_URL: 'https://shop.example' } })
    try {
      const ask = async (url: string) =>
        (await behind.get(`w=10,onerror=redirect/${url}`, { host: 'gateway.internal' })).headers.get(
          'location',
        )
      expect(await ask('https://shop.example/none.jpg')).toBe('https://shop.example/none.jpg')
      expect(await ask('https://img.shop.example/b.jpg')).toBe('https://img.shop.example/b.jpg')
      expect(await ask('https://notshop.example/b.jpg')).toBeNull()
    } finally {
      await behind.close()
    }
  })

  test('a picture that there is is not redirected', async () => {
    expect((await gateway.get('w=10,onerror=redirect/a.jpg')).status).toBe(200)
  })
})
