import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { encode, fade } from '../support/pictures.ts'

const A = 'public, max-age=31536000, immutable'
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"
const XMLNS = 'xmlns="http://www.w3.org/2000/svg"'
const DRAWN = `<svg ${XMLNS} width="60" height="40" onload="run()"><script>run()</script><rect width="60" height="40" fill="red"/></svg>`
const CLEAN = `<svg ${XMLNS} width="60" height="40" xmlns:xlink="http://www.w3.org/1999/xlink"><rect width="60" height="40" fill="red"/></svg>`
const PATH = '/img/photos/a.svg/drawing.svg'
let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway({
    environment: { HALFTONE_SIZES: 'signed', HALFTONE_SIGNING_KEYS: 'a key for tests only' },
  })
  await put('photos/a.svg', Buffer.from(DRAWN))
})
afterAll(() => gateway.close())

const put = (key: string, bytes: Buffer) => gateway.bucket.put(key, bytes, { contentType: 'image/svg+xml' })

const ask = (headers: Record<string, string> = {}, path = PATH) => gateway.fetch(path, { headers })

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer())

async function verdictOn(name: string, bytes: Buffer): Promise<string> {
  await put(`photos/${name}`, bytes)
  const answer = await gateway.fetch(`/img/photos/${name}/drawing.svg`)
  expect(answer.headers.get('cache-control')).toBe('public, max-age=10, s-maxage=60')
  const { code, detail } = JSON.parse(await answer.text())
  return `${answer.status} ${code}: ${detail}`
}

describe('drawing.svg', () => {
  test('is the SVG made harmless, with headers of its own', async () => {
    const answer = await ask()
    expect(await answer.text()).toBe(CLEAN)
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-length': `${CLEAN.length}`,
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'cross-origin',
      'access-control-allow-origin': '*',
      'cache-status': 'memory; fwd=miss, bucket; fwd=miss',
      'content-location': expect.stringMatching(/^\/img\/photos\/a\.svg\/@[\w-]{15}\/drawing\.svg$/),
      etag: expect.stringMatching(/^"[\w-]{15}-drawing\.svg"$/),
      vary: 'Accept-Encoding',
      'accept-ranges': 'bytes',
      'server-timing': expect.stringMatching(/^fetch;dur=/),
    })
    expect(answer.headers.has('content-encoding')).toBe(false)
  })

  test('is stored under its versioned path, and class A there', async () => {
    const at = (await ask()).headers.get('content-location') ?? ''
    await gateway.verbs()
    const versioned = await gateway.fetch(at)
    expect(versioned.headers.get('cache-control')).toBe(A)
    expect(versioned.headers.get('content-security-policy')).toBe(POLICY)
    const stored = await gateway.bucket.get(at.slice(1))
    expect(stored.outcome === 'found' && stored.object.body.toString()).toBe(CLEAN)
    expect(stored.outcome === 'found' && stored.object.contentType).toBe('image/svg+xml')
  })

  test('comes from memory the second time', async () => {
    await ask()
    await gateway.verbs()
    const again = await ask({ 'accept-encoding': 'gzip' })
    expect(again.headers.get('cache-status')).toBe('memory; hit')
    expect(await gateway.verbs()).toEqual([])
  })

  test('in other letters is sent to its one spelling', async () => {
    const answer = await gateway.fetch('/img/photos/a.svg/Drawing.SVG')
    expect(answer.status).toBe(308)
    expect(answer.headers.get('location')).toBe(PATH)
  })

  test('of a packed source is unpacked', async () => {
    await put('photos/packed.svgz', gzipSync(DRAWN))
    expect(await (await gateway.fetch('/img/photos/packed.svgz/drawing.svg')).text()).toBe(CLEAN)
  })

  test('has a policy as a 304 too, and pictures have theirs', async () => {
    const etag = (await ask()).headers.get('etag') ?? ''
    expect((await ask({ 'if-none-match': etag })).headers.get('content-security-policy')).toBe(POLICY)
    const info = await gateway.fetch('/img/photos/a.svg/info.json', {
      headers: { 'accept-encoding': 'gzip' },
    })
    expect(info.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    expect(info.headers.has('vary')).toBe(false)
    expect(info.headers.has('content-encoding')).toBe(false)
  })
})

describe('gzip', () => {
  test('for whoever takes it, with an ETag of its own', async () => {
    const [plain, packed] = [await ask(), await ask({ 'accept-encoding': 'br, gzip;q=0.5' })]
    const bytes = await bytesOf(packed)
    expect(packed.headers.get('content-encoding')).toBe('gzip')
    expect(packed.headers.get('content-length')).toBe(`${bytes.length}`)
    expect(packed.headers.get('vary')).toBe('Accept-Encoding')
    expect(packed.headers.get('content-type')).toBe('image/svg+xml')
    expect(gunzipSync(bytes).toString()).toBe(CLEAN)
    expect(packed.headers.get('etag')).toBe(plain.headers.get('etag')?.replace('svg"', 'svg-gzip"'))
    const refused = await ask({ 'accept-encoding': 'gzip;q=0' })
    expect(refused.headers.has('content-encoding')).toBe(false)
    expect(refused.headers.get('etag')).toBe(plain.headers.get('etag'))
  })

  test('304 only for the coding that would be sent', async () => {
    const gzip = { 'accept-encoding': 'gzip' }
    const [plain, packed] = [
      (await ask()).headers.get('etag') ?? '',
      (await ask(gzip)).headers.get('etag') ?? '',
    ]
    expect((await ask({ 'if-none-match': plain })).status).toBe(304)
    expect((await ask({ 'if-none-match': packed })).status).toBe(200)
    expect((await ask({ ...gzip, 'if-none-match': plain })).status).toBe(200)
    const same = await ask({ ...gzip, 'if-none-match': packed })
    expect(same.status).toBe(304)
    expect(same.headers.get('etag')).toBe(packed)
    expect(same.headers.get('vary')).toBe('Accept-Encoding')
    expect(same.headers.has('content-encoding')).toBe(false)
  })

  test('a range is one of the bytes as they are sent', async () => {
    const gzip = { 'accept-encoding': 'gzip' }
    const whole = await ask(gzip)
    const bytes = await bytesOf(whole)
    const part = await ask({ ...gzip, range: 'bytes=2-9', 'if-range': whole.headers.get('etag') ?? '' })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-encoding')).toBe('gzip')
    expect(part.headers.get('content-range')).toBe(`bytes 2-9/${bytes.length}`)
    expect((await bytesOf(part)).equals(bytes.subarray(2, 10))).toBe(true)
    // Of the other coding it is no part.
    const other = await ask({ range: 'bytes=2-9', 'if-range': whole.headers.get('etag') ?? '' })
    expect(other.status).toBe(200)
    expect(await other.text()).toBe(CLEAN)
    const plain = await ask({ range: 'bytes=0-3' })
    expect(await plain.text()).toBe('<svg')
  })

  test('HEAD has the length that GET has', async () => {
    const headers = { 'accept-encoding': 'gzip' }
    const head = await gateway.fetch(PATH, { method: 'HEAD', headers })
    expect(head.headers.get('content-length')).toBe(`${(await bytesOf(await ask(headers))).length}`)
  })
})

describe('what is no drawing', () => {
  test('is refused in words', async () => {
    const png = await encode(fade(20, 10, [200, 30, 30]), 'png')
    expect(await verdictOn('png.svg', png)).toBe(
      '415 source_not_a_picture: The source is a PNG; only an SVG can be had as a drawing',
    )
    expect(await verdictOn('page.svg', Buffer.from('<!doctype html><script>1</script>'))).toMatch(
      /^415 source_not_a_picture: The source is an HTML page/,
    )
    expect(await verdictOn('packed-text.svg', gzipSync('words'))).toMatch(/^415 source_broken: /)
    expect(await verdictOn('entities.svg', Buffer.from(`<!DOCTYPE svg [<!ENTITY a "b">]>${CLEAN}`))).toMatch(
      /^415 source_not_a_picture: The SVG declares entities/,
    )
    expect(await verdictOn('bomb.svgz', gzipSync(Buffer.alloc(40_000_000, '<g/>')))).toMatch(
      /^415 source_too_large: /,
    )
    const many = `<svg ${XMLNS}>${'<g/>'.repeat(30_000)}</svg>`
    expect(await verdictOn('many.svg', Buffer.from(many))).toMatch(/^415 source_too_large: .*20000 elements/)
  })

  test('is a picture all the same, and the other way round', async () => {
    const png = await encode(fade(20, 10, [200, 30, 30]), 'png')
    expect(await verdictOn('other.svg', png)).toMatch(/^415/)
    expect((await gateway.fetch('/img/photos/other.svg/info.json')).status).toBe(200)
    await put('photos/only.svgz', gzipSync(DRAWN))
    expect((await gateway.fetch('/img/photos/only.svgz/info.json')).status).toBe(415)
    expect((await gateway.fetch('/img/photos/only.svgz/drawing.svg')).status).toBe(200)
  })
})
