import { afterAll, beforeAll, expect, test } from 'vitest'
import { signRest } from '../../src/urls/signature.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { plainJpeg, putItem } from '../support/library.ts'

const [KEY, OLD_KEY] = ['the key that signs now', 'the key before it']
let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway({
    environment: { HALFTONE_SIZES: 'signed', HALFTONE_SIGNING_KEYS: `${KEY},${OLD_KEY}` },
  })
  await putItem(gateway.bucket, '42', ['#ff0000'])
  await gateway.bucket.put('photos/a.jpg', await plainJpeg('#ff0000'), { contentType: 'image/jpeg' })
})
afterAll(() => gateway.close())

const signed = (rest: string, key = KEY) => `/simg/${signRest(rest, key)}/${rest}`

test('without a signature: presets are rendered, any other size only if it is stored', async () => {
  expect((await gateway.fetch('/img/items/42/medium.webp')).status).toBe(200)
  const refused = await gateway.fetch('/img/items/42/640.webp')
  expect([refused.status, refused.headers.get('cache-control')]).toEqual([403, 'no-store'])
  expect(await refused.json()).toMatchObject({ code: 'signature_required' })

  expect((await gateway.fetch(signed('items/42/640.webp'))).status).toBe(200)
  await gateway.verbs()
  gateway.variants.forgetAll()
  const stored = await gateway.fetch('/img/items/42/640.webp')
  expect([stored.status, stored.headers.get('cache-status')]).toEqual([200, 'memory; fwd=miss, bucket; hit'])
})

test('auto without a signature is the format that is stored, or refused', async () => {
  const headers = { accept: 'image/webp' }
  expect((await gateway.fetch(signed('items/42/480.webp'))).status).toBe(200)
  const stored = await gateway.fetch('/img/items/42/480.auto', { headers })
  expect([stored.status, stored.headers.get('content-type')]).toEqual([200, 'image/webp'])
  const refused = await gateway.fetch('/img/items/42/480.auto')
  expect([refused.status, refused.headers.get('vary')]).toEqual([403, 'Accept'])
})

test('a signature by any of the keys permits any size, and names a versioned path that it permits too', async () => {
  for (const [key, size] of [
    [KEY, '333'],
    [OLD_KEY, '334'],
  ] as const) {
    const answer = await gateway.fetch(signed(`items/42/${size}.webp`, key))
    expect(answer.status).toBe(200)
    const location = answer.headers.get('content-location') ?? ''
    expect(location).toMatch(/^\/simg\/[\w-]{43}\/items\/42\/photos\/p1\/@[\w-]{15}\/33[34]\.webp$/)
    const versioned = await gateway.fetch(location)
    expect([versioned.status, versioned.headers.get('etag')]).toEqual([200, answer.headers.get('etag')])
    await gateway.verbs()
    expect(await gateway.bucket.head(location.replace(/^\/simg\/[^/]+\//, 'img/'))).toBeDefined()
  }
})

test('a signature over anything else, or by nobody, is 403 and asks the bucket nothing', async () => {
  await gateway.verbs()
  for (const target of [
    signed('items/42/333.webp').replace('333', '335'),
    signed('items/42/333.webp', 'a key of somebody else'),
    signed('items/42/333.webp').replace('/simg/', '/simg/x'),
    '/simg/items/42/333.webp',
  ]) {
    const answer = await gateway.fetch(target)
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ code: 'invalid_signature' })
  }
  expect(await gateway.verbs()).toEqual([])
})

test('a signature permits work, never access', async () => {
  for (const key of ['verification/u/passport/f/a.jpg', 'system/a.jpg', 'items/42/album.json']) {
    expect((await gateway.fetch(signed(`${key}/333.webp`))).status).toBe(404)
  }
})

test('redirects of a signed target are signed again', async () => {
  const spelt = await gateway.fetch(signed('items/42/0336.WEBP'))
  expect(spelt.headers.get('location')).toBe(signed('items/42/336.webp'))
  const old = await gateway.fetch(signed('photos/a.jpg/337.webp'))
  const path = (old.headers.get('content-location') ?? '').replace(/^\/simg\/[^/]+\//, '')
  await gateway.verbs()
  await gateway.bucket.put('photos/a.jpg', await plainJpeg('#0000ff'), { contentType: 'image/jpeg' })
  const moved = await gateway.fetch(signed(path.replace('337', '338')))
  expect(moved.status).toBe(302)
  const location = moved.headers.get('location') ?? ''
  expect(location).toBe(signed(location.replace(/^\/simg\/[^/]+\//, '')))
  expect((await gateway.fetch(location)).status).toBe(200)
})
