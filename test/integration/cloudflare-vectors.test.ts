import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { distance, type OpenSite, pictureOf, type Site, startSite } from '../support/cloudflare.ts'
import { type Colour, CORNERS, corners, paint } from '../support/pictures.ts'

const { topLeft, topRight, bottomLeft, bottomRight } = CORNERS
const JPEG = 'image/jpeg'
let site: Site
let gateway: OpenSite

beforeAll(async () => {
  site = await startSite()
  const sources = [
    ['a.jpg', 1080, 720],
    ['b.jpg', 612, 613],
    ['wide.jpg', 1000, 300],
    ['small.jpg', 300, 200],
    ['medium.jpg', 600, 400],
    ['square.jpg', 900, 900],
  ] as const
  for (const [key, width, height] of sources) await site.put(key, corners(width, height))
  await site.put(
    'a.png',
    paint(40, 20, () => [20, 40, 200]),
    'png',
  )
  gateway = await site.open({ environment: { HALFTONE_MAX_SIDE: '5000' } })
})
afterAll(async () => {
  await gateway.close()
  await site.stop()
})

const seen = async (tail: string, headers?: Record<string, string>) =>
  pictureOf(await gateway.get(tail, headers))

/** Near enough for any encoder; the corners are much further apart. */
const isNear = (one: Colour, other: Colour) => distance(one, other) <= 16

describe('the examples of the documentation, by their sides', () => {
  test.each([
    ['w=500,h=500/a.jpg', 500, 333],
    ['w=2000/a.jpg', 1080, 720],
    ['fit=scale-down,w=2000,h=2000/a.jpg', 1080, 720],
    ['fit=contain,w=500,h=500/a.jpg', 500, 333],
    ['fit=contain,w=2000/a.jpg', 2000, 1333],
    ['fit=cover,w=500,h=500/a.jpg', 500, 500],
    ['fit=cover,w=320/a.jpg', 320, 213],
    ['fit=crop,w=1296,h=1296/a.jpg', 1080, 720],
    ['fit=crop,w=500,h=500/small.jpg', 300, 200],
    ['fit=crop,w=500,h=500/medium.jpg', 500, 400],
    ['fit=crop,w=500,h=500/wide.jpg', 500, 300],
    ['fit=aspect-crop,w=1920,h=1120/b.jpg', 612, 357],
    ['fit=aspect-crop,w=300,h=300/b.jpg', 300, 300],
    ['fit=pad,w=1080,h=1080,background=%23ff0000/a.jpg', 1080, 1080],
    ['fit=squeeze,h=540/a.jpg', 1080, 540],
    ['fit=squeeze,w=540/a.jpg', 540, 720],
    ['fit=squeeze,w=500,h=500/a.jpg', 500, 500],
    ['fit=scale-up,w=500,h=500/wide.jpg', 1000, 300],
    ['fit=scale-up,w=500,h=500/small.jpg', 500, 333],
    ['fit=cover,w=300,h=900,gravity=0.33x0.5/square.jpg', 300, 900],
    ['w=100,rotate=90,flip=h/a.jpg', 100, 150],
    ['trim=0;540;0;0/a.jpg', 540, 720],
    ['w=100,dpr=2/a.jpg', 200, 133],
    ['width=abc/a.jpg', 1080, 720],
    ['w=80//a.jpg', 80, 53],
    ['w=80/a.jpg?v=3', 80, 53],
    ['width%3D90%2Cheight%3D90/a.jpg', 90, 60],
  ])('%s: %i×%i', async (tail, width, height) => {
    expect(await seen(tail)).toMatchObject({ status: 200, type: JPEG, width, height })
  })
})

test('enlarged too much is told as Cloudflare tells it', async () => {
  const answer = await gateway.get('fit=contain,w=5001/small.jpg')
  expect([answer.status, answer.headers.get('cf-resized')]).toEqual([403, 'err=9413'])
  expect(await answer.text()).toMatch(/^ERROR 9413: The picture would be 5001×3334; .* at most 5000\n$/)
})

describe('and by their pixels', () => {
  test('a point at the left keeps the left edge', async () => {
    const { colourAt } = await seen('fit=cover,w=500,h=500,g=0x0.5/a.jpg')
    // Of 750 pixels the right third is cut off: the middle of the source is at 375.
    expect(isNear(colourAt(360, 100), topLeft)).toBe(true)
    expect(isNear(colourAt(390, 100), topRight)).toBe(true)
    expect(isNear(colourAt(360, 400), bottomLeft)).toBe(true)
  })

  test('without a point the middle stays', async () => {
    const { colourAt } = await seen('fit=cover,w=500,h=500/a.jpg')
    expect(isNear(colourAt(235, 100), topLeft)).toBe(true)
    expect(isNear(colourAt(265, 400), bottomRight)).toBe(true)
  })

  test('what a box has more than the picture is background, above and below', async () => {
    const { colourAt } = await seen('fit=pad,w=1080,h=1080,background=%23ff0000/a.jpg')
    expect([colourAt(540, 90), colourAt(540, 990)].every((colour) => isNear(colour, [255, 0, 0]))).toBe(true)
    expect(isNear(colourAt(200, 300), topLeft)).toBe(true)
    expect(isNear(colourAt(900, 800), bottomRight)).toBe(true)
  })

  test('a colour with commas in it survives the commas between options', async () => {
    const { width, height, colourAt } = await seen(
      'background=rgb%28240%2C40%2C145%29,fit=pad,w=9,h=9,f=png-force/a.png',
    )
    expect([width, height]).toEqual([9, 9])
    expect(isNear(colourAt(4, 0), [240, 40, 145])).toBe(true)
    expect(isNear(colourAt(4, 4), [20, 40, 200])).toBe(true)
  })

  test('a picture is mirrored, then turned, then brought to its size', async () => {
    const { colourAt } = await seen('w=100,rotate=90,flip=h/a.jpg')
    expect(isNear(colourAt(20, 30), bottomRight)).toBe(true)
    expect(isNear(colourAt(80, 30), topRight)).toBe(true)
    expect(isNear(colourAt(20, 120), bottomLeft)).toBe(true)
    expect(isNear(colourAt(80, 120), topLeft)).toBe(true)
  })

  test('what is trimmed off the right is gone', async () => {
    const { colourAt } = await seen('trim=0;540;0;0/a.jpg')
    expect(isNear(colourAt(520, 100), topLeft)).toBe(true)
    expect(isNear(colourAt(520, 700), bottomLeft)).toBe(true)
  })
})

describe('format', () => {
  test.each([
    ['f=auto,w=320/a.jpg', 'image/avif,image/webp', 'image/avif'],
    // The source is within the limit, whatever is asked for; and the limit is 1,600 pixels here.
    ['f=auto/a.jpg', 'image/avif,image/webp', 'image/avif'],
    ['f=auto,w=2000/a.jpg', 'image/avif,image/webp', 'image/avif'],
    ['f=auto,fit=contain,w=2000/a.jpg', 'image/avif,image/webp', 'image/webp'],
    ['f=auto,w=320/a.jpg', 'image/webp,*/*', 'image/webp'],
    ['f=auto,w=320/a.jpg', '*/*', JPEG],
    ['w=320/a.jpg', 'image/avif,image/webp', JPEG],
    ['w=320/a.png', '*/*', JPEG],
    ['w=320,f=png-force/a.jpg', '*/*', 'image/png'],
    ['w=320,f=avif/a.jpg', '*/*', 'image/avif'],
    ['fit=contain,w=1300,f=avif/small.jpg', '*/*', 'image/avif'],
    ['w=320,f=webp/a.jpg', '*/*', 'image/webp'],
    ['w=320,f=baseline-jpeg/a.jpg', '*/*', JPEG],
  ])('%s for %s: %s', async (tail, accept, type) => {
    expect((await gateway.get(tail, { accept })).headers.get('content-type')).toBe(type)
  })

  test('json: sides in the place of a picture', async () => {
    const answer = await gateway.get('format=json,w=500/a.jpg')
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toMatchObject({
      width: 500,
      height: 333,
      original: { width: 1080, height: 720, format: JPEG, file_size: expect.any(Number) },
    })
  })
})
