import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, distance, pixelAt } from '../pixels/pixels.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { CORNERS, corners, encode } from '../support/pictures.ts'

let gateway: TestGateway
/** One where strangers may ask for anything. */
let open: TestGateway
const SOURCE = await encode(corners(1080, 720), 'png')

beforeAll(async () => {
  const environment = { HALFTONE_SOURCES: 'photos/' }
  gateway = await createTestGateway({ environment })
  open = await createTestGateway({ environment: { ...environment, HALFTONE_SIZES: 'any' } })
  for (const { bucket } of [gateway, open]) {
    await bucket.put('photos/a.png', SOURCE, { contentType: 'image/png' })
  }
})
afterAll(() => Promise.all([gateway.close(), open.close()]))

async function pictureAt(spec: string) {
  const answer = await open.fetch(`/img/photos/a.png/${spec}`)
  expect(answer.status).toBe(200)
  return { answer, picture: await decode(new Uint8Array(await answer.arrayBuffer())) }
}

describe('edits in a native URL', () => {
  test('are done, and named in the versioned path, which is stored', async () => {
    const spec = '480x480,fit=pad,flip=h,background=ff0000.png'
    const { answer, picture } = await pictureAt(spec)
    expect([picture.width, picture.height]).toEqual([480, 480])
    expect(pixelAt(picture, 240, 20)).toEqual([255, 0, 0])
    expect(distance(pixelAt(picture, 20, 100), CORNERS.topRight)).toBeLessThan(12)
    const at = answer.headers.get('content-location') ?? ''
    expect(at.endsWith(`/${spec}`)).toBe(true)
    await open.verbs()
    const again = await open.fetch(at)
    expect([again.status, again.headers.get('etag')]).toEqual([200, answer.headers.get('etag')])
  })

  test('take sides in the turned picture', async () => {
    const { picture } = await pictureAt('320,rotate=90.webp')
    expect([picture.width, picture.height]).toEqual([320, 480])
    expect(distance(pixelAt(picture, 10, 10), CORNERS.bottomLeft)).toBeLessThan(20)
  })
})

describe('how large a picture would be', () => {
  const original = { file_size: SOURCE.length, width: 1080, height: 720, format: 'image/png' }

  test.each([
    ['480', { width: 480, height: 320 }],
    ['480x480,fit=scale-down', { width: 480, height: 320 }],
    ['480x480,fit=pad', { width: 480, height: 480 }],
    ['original,rotate=90', { width: 720, height: 1080 }],
    ['480@2x', { width: 960, height: 640 }],
  ])('%s', async (size, sides) => {
    const answer = await gateway.fetch(`/img/photos/a.png/${size}.json`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(await answer.json()).toEqual({ ...sides, original })
  })

  test('is a variant: with a version, an ETag, and stored', async () => {
    const answer = await gateway.fetch('/img/photos/a.png/640.json')
    const at = answer.headers.get('content-location') ?? ''
    expect(at).toMatch(/^\/img\/photos\/a\.png\/@[\w-]{15}\/640\.json$/)
    await gateway.verbs()
    expect(await gateway.bucket.get(at.slice(1))).toMatchObject({ outcome: 'found' })
    const headers = { 'if-none-match': answer.headers.get('etag') ?? '' }
    expect((await gateway.fetch(at, { headers })).status).toBe(304)
  })

  test.each([
    ['801.json', '828.json'],
    ['480,rotate=270.json', '480,rotate=90.json'],
    ['480,quality=70.json', '480.json'],
  ])('%s is to be asked for as %s', async (asked, canonical) => {
    const answer = await gateway.fetch(`/img/photos/a.png/${asked}`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([308, `/img/photos/a.png/${canonical}`])
  })
})
