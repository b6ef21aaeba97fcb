import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forget } from '../../src/cdn/forget.ts'
import { albumKey } from '../../src/media/records.ts'
import type { Source } from '../../src/sources/source.ts'
import { signRest } from '../../src/urls/signature.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg, putItem } from '../support/library.ts'
import {
  encode,
  encodeTurned,
  encodeWithGps,
  fade,
  photo,
  pipelineOf,
  truncated,
} from '../support/pictures.ts'

const KEY = 'a key for tests only'
const B = 'public, max-age=300, s-maxage=3600, stale-while-revalidate=60, stale-if-error=86400'
const A = 'public, max-age=31536000, immutable'
let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway({
    environment: { HALFTONE_SIZES: 'signed', HALFTONE_SIGNING_KEYS: KEY },
  })
  await putItem(gateway.bucket, '42', ['#c02020', '#20c020'])
  await putItem(gateway.bucket, 'hidden', ['#c02020'])
  const album = JSON.parse(Buffer.from(await bytesAt(albumKey('hidden'))).toString())
  await put(albumKey('hidden'), Buffer.from(JSON.stringify({ ...album, access: 'private' })))
  await put('photos/a.jpg', await plainJpeg('#808080'))
  await put('photos/not.jpg', Buffer.from('<html>no picture</html>'))
  await put('photos/cut.jpg', truncated(await encode(photo(600, 400), 'jpg')))
})
afterAll(() => gateway.close())

const put = (key: string, bytes: Buffer) => gateway.bucket.put(key, bytes, { contentType: 'image/jpeg' })

async function bytesAt(key: string): Promise<Buffer> {
  const result = await gateway.bucket.get(key)
  if (result.outcome !== 'found') throw new Error(`There is no ${key}`)
  return result.object.body
}

async function infoOf(path: string): Promise<unknown> {
  return (await gateway.fetch(`/img/${path}/info.json`)).json()
}

async function versionedPath(target: string): Promise<string> {
  const answer = await gateway.fetch(target)
  await gateway.verbs()
  return answer.headers.get('content-location') ?? ''
}

async function storedBelow(path: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of gateway.bucket.list(`img/${path}/`)) keys.push(key)
  return keys
}

describe('info.json', () => {
  test('says all that is known, with the headers of a picture', async () => {
    const answer = await gateway.fetch('/img/items/42/info.json')
    const body = await answer.text()
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toEqual({
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
      'cache-control': B,
      'cache-status': 'memory; fwd=miss, bucket; fwd=miss',
      'content-length': `${Buffer.byteLength(body)}`,
      'content-location': expect.stringMatching(/^\/img\/items\/42\/photos\/p1\/@[\w-]{15}\/info\.json$/),
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'application/json',
      'cross-origin-resource-policy': 'cross-origin',
      etag: expect.stringMatching(/^"[\w-]{15}-info\.json"$/),
      'last-modified': expect.stringMatching(/ GMT$/),
      'server-timing': expect.stringMatching(/^fetch;dur=/),
      'x-amz-meta-cache-tag': 'item:42,photo:42%2Fp1',
      'x-content-type-options': 'nosniff',
    })
    expect(JSON.parse(body)).toEqual({
      width: 1600,
      height: 1000,
      type: 'image/jpeg',
      bytes: (await plainJpeg('#c02020')).length,
      frames: 1,
      hasAlpha: false,
      orientation: 1,
      dominantColour: expect.stringMatching(/^#[bc][\da-f][12][\da-f][12][\da-f]$/),
      thumbHash: expect.stringMatching(/^[\w+/]{20,}=*$/),
      version: /@([\w-]{15})\//.exec(answer.headers.get('content-location') ?? '')?.[1],
    })
  })

  test('counts in the turned picture, and believes no name', async () => {
    await put('photos/turned.png', await encodeTurned(photo(120, 80), 'jpg', 6))
    expect(await infoOf('photos/turned.png')).toMatchObject({
      width: 80,
      height: 120,
      orientation: 6,
      type: 'image/jpeg',
    })
    await put('photos/fade.jpg', await encode(fade(80, 40, [200, 30, 30]), 'webp'))
    expect(await infoOf('photos/fade.jpg')).toMatchObject({ hasAlpha: true, type: 'image/webp' })
  })

  test('comes from a worker for every kind of source', async () => {
    const source = pipelineOf(photo(60, 40))
    await put('photos/a.gif', await source.clone().gif().toBuffer())
    await put('photos/a.tiff', await source.clone().tiff().toBuffer())
    await put('photos/a.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"/>'))
    for (const [name, type] of [
      ['a.gif', 'image/gif'],
      ['a.tiff', 'image/tiff'],
      ['a.svg', 'image/svg+xml'],
    ]) {
      expect(await infoOf(`photos/${name}`)).toMatchObject({ type, width: 60, height: 40, frames: 1 })
    }
  })

  test('says nothing that a camera wrote', async () => {
    await put('photos/gps.jpg', await encodeWithGps(photo(60, 40), 'Kreuzberg'))
    const body = await (await gateway.fetch('/img/photos/gps.jpg/info.json')).text()
    expect(body).not.toMatch(/kreuzberg|gps|exif/i)
  })
})

test('thumbhash is the hash that info.json has in Base64', async () => {
  const answer = await gateway.fetch('/img/photos/a.jpg/thumbhash')
  const bytes = Buffer.from(await answer.arrayBuffer())
  expect(answer.headers.get('content-type')).toBe('application/octet-stream')
  expect(answer.headers.get('content-length')).toBe(`${bytes.length}`)
  expect(bytes.length).toBeGreaterThan(5)
  expect(await infoOf('photos/a.jpg')).toMatchObject({ thumbHash: bytes.toString('base64') })
})

describe.each(['info.json', 'thumbhash'])('%s', (name) => {
  const target = `/img/items/42/photos/p2/${name}`

  test('is stored at its versioned path, kept for a year, and made once', async () => {
    await gateway.verbs()
    const made = await gateway.fetch(target)
    expect(await gateway.verbs()).toEqual(['get', 'get', 'get', 'put', 'get'])
    const path = made.headers.get('content-location') ?? ''
    gateway.variants.forgetAll()
    gateway.sources.forgetAll()
    const stored = await gateway.fetch(path)
    expect(stored.headers.get('cache-status')).toBe('memory; fwd=miss, bucket; hit')
    expect(stored.headers.get('cache-control')).toBe(A)
    expect(stored.headers.get('etag')).toBe(made.headers.get('etag'))
    expect(stored.headers.get('content-type')).toBe(made.headers.get('content-type'))
    expect(await stored.arrayBuffer()).toEqual(await made.arrayBuffer())
    expect(await gateway.verbs()).toEqual(['get'])
    expect((await gateway.fetch(path)).headers.get('cache-status')).toBe('memory; hit')
    expect(await gateway.verbs()).toEqual([])
  })

  test('304 before any work, and HEAD', async () => {
    const made = await gateway.fetch(target)
    const headers = { 'if-none-match': made.headers.get('etag') ?? '' }
    await gateway.verbs()
    gateway.variants.forgetAll()
    gateway.sources.forgetAll()
    const same = await gateway.fetch(target, { headers })
    expect([same.status, same.headers.get('cache-control')]).toEqual([304, B])
    expect(await gateway.verbs()).toEqual(['get'])
    const head = await gateway.fetch(target, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(made.headers.get('content-length'))
    expect((await head.arrayBuffer()).byteLength).toBe(0)
  })

  test('has one spelling, and goes to the current version', async () => {
    const upper = await gateway.fetch(target.replace(name, name.toUpperCase()))
    expect([upper.status, upper.headers.get('location')]).toEqual([308, target])
    const key = `photos/replaced-${name}.jpg`
    await put(key, await plainJpeg('#ff0000'))
    const old = (await versionedPath(`/img/${key}/medium.webp`)).replace('800.webp', name)
    await put(key, await plainJpeg('#0000ff'))
    gateway.sources.forgetAll()
    const moved = await gateway.fetch(old)
    expect(moved.status).toBe(302)
    expect(moved.headers.get('location')).toBe(await versionedPath(`/img/${key}/${name}`))
  })

  test('a purge removes it with the pictures', async () => {
    const key = `photos/purged-${name}.jpg`
    await put(key, await plainJpeg('#ff0000'))
    const path = await versionedPath(`/img/${key}/${name}`)
    await versionedPath(`/img/${key}/medium.webp`)
    expect(await storedBelow(key)).toHaveLength(2)
    await gateway.bucket.delete([key])
    await forget(gateway.bucket, [key])
    await gateway.journal.read()
    expect(await storedBelow(key)).toEqual([])
    expect((await gateway.fetch(path)).status).toBe(404)
    expect((await gateway.fetch(`/img/${key}/${name}`)).status).toBe(404)
  })

  test('may be signed, and need not be where sizes must', async () => {
    expect((await gateway.fetch('/img/photos/a.jpg/640.webp')).status).toBe(403)
    expect((await gateway.fetch(`/img/photos/a.jpg/${name}`)).status).toBe(200)
    const rest = `photos/a.jpg/${name}`
    const answer = await gateway.fetch(`/simg/${signRest(rest, KEY)}/${rest}`)
    expect([answer.status, answer.headers.get('content-location')]).toEqual([
      200,
      expect.stringMatching(/^\/simg\//),
    ])
  })

  test.each([
    ['items/nothing', 404, 'source_not_found'],
    ['system/p.jpg', 404, 'source_not_found'],
    ['items/hidden', 404, 'source_not_found'],
    ['photos/not.jpg', 415, 'source_not_a_picture'],
    ['photos/cut.jpg', 415, 'source_broken'],
  ])('of %s: %i %s', async (path, status, code) => {
    const answer = await gateway.fetch(`/img/${path}/${name}`)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ code })
  })
})

describe('KnownFacts', () => {
  async function sourceOf(key: string): Promise<Source> {
    const signal = AbortSignal.timeout(10_000)
    const { source } = await gateway.sources.find({ shape: 'key', path: key }, { signal })
    if (source === undefined) throw new Error(`There is no ${key}`)
    return source
  }

  test('tell what info.json says, and then without asking anybody', async () => {
    await put('photos/known.jpg', await plainJpeg('#ff0000'))
    await gateway.verbs()
    const source = await sourceOf('photos/known.jpg')
    expect(gateway.facts.remembered(source)).toBeUndefined()
    const [first, second] = await Promise.all([gateway.facts.of(source), gateway.facts.of(source)])
    expect(await gateway.verbs()).toEqual(['head', 'get', 'get', 'put', 'head'])
    expect(second).toEqual(first)
    expect(first).toEqual(await infoOf('photos/known.jpg'))
    gateway.variants.forgetAll()
    await gateway.verbs()
    expect(await gateway.facts.of(source)).toEqual(first)
    expect(gateway.facts.remembered(source)).toEqual(first)
    expect(await gateway.verbs()).toEqual([])
  })

  test('are those of one version', async () => {
    await put('photos/changing.jpg', await plainJpeg('#ff0000', 800, 600))
    const before = await sourceOf('photos/changing.jpg')
    await put('photos/changing.jpg', await plainJpeg('#ff0000', 400, 300))
    expect(await gateway.facts.of(before)).toBe('source-changed')
    gateway.sources.forgetAll()
    const after = await sourceOf('photos/changing.jpg')
    expect(await gateway.facts.of(after)).toMatchObject({ width: 400, height: 300 })
  })

  test('throw the verdict on what is no picture', async () => {
    await expect(gateway.facts.of(await sourceOf('photos/not.jpg'))).rejects.toMatchObject({
      code: 'source_not_a_picture',
    })
  })
})
