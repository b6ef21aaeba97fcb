import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { FaceBox, FaceDetector } from '../../src/cloudflare/face-detector.ts'
import { distance, type OpenSite, pictureOf, type Site, startSite } from '../support/cloudflare.ts'
import { ACCOUNT_HASH, putAccount, putHostedImage } from '../support/hosted.ts'
import { putItem, setAccess } from '../support/library.ts'
import type { Colour, RawPicture } from '../support/pictures.ts'

const SKIN: Colour = [230, 170, 140]
const WALL: Colour = [40, 60, 90]

/** A wall of 1200 × 600 with a square of skin on it, 150 pixels wide. */
function portrait(left: number, top: number): RawPicture {
  const data = new Uint8Array(1200 * 600 * 3)
  for (let at = 0; at < 1200 * 600; at += 1) {
    const [x, y] = [at % 1200, Math.floor(at / 1200)]
    const isSkin = x >= left && x < left + 150 && y >= top && y < top + 150
    data.set(isSkin ? SKIN : WALL, at * 3)
  }
  return { data, width: 1200, height: 600, channels: 3 }
}

/** Takes for a face the box around all that has the colour of skin. */
async function findSkin(picture: Uint8Array): Promise<FaceBox | undefined> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const [xs, ys]: [number[], number[]] = [[], []]
  for (let at = 0; at < info.width * info.height; at += 1) {
    const [red = 0, green = 0, blue = 0] = data.subarray(at * 3)
    if (distance([red, green, blue], SKIN) > 30) continue
    xs.push(at % info.width)
    ys.push(Math.floor(at / info.width))
  }
  const least = (all: number[]) => all.reduce((one, other) => Math.min(one, other), Infinity)
  const most = (all: number[]) => all.reduce((one, other) => Math.max(one, other), 0)
  if (xs.length === 0) return undefined
  return {
    left: least(xs) / info.width,
    top: least(ys) / info.height,
    right: (most(xs) + 1) / info.width,
    bottom: (most(ys) + 1) / info.height,
  }
}

let looks = 0
const detector: FaceDetector = {
  async find(picture) {
    looks += 1
    return findSkin(picture)
  },
}

const SQUARE = 'w=300,h=300,fit=cover,g=face'

let site: Site
let gateway: OpenSite
let open: string

beforeAll(async () => {
  site = await startSite()
  await site.put('face.jpg', portrait(1000, 100))
  await site.put('other.jpg', portrait(0, 300))
  await site.put('crowd.jpg', portrait(600, 0))
  await site.put('wall.jpg', portrait(1200, 0))
  await site.store.put('drawing.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), {
    contentType: 'image/svg+xml',
  })
  await putItem(site.store, 'hidden', ['#20c020'])
  await setAccess(site.store, 'hidden', 'private')
  await putAccount(site.store, { flexibleVariants: true })
  open = await putHostedImage(site.store, { colour: '#e6aa8c' })
  gateway = await site.open({
    faceDetector: detector,
    environment: {
      HALFTONE_CLOUDFLARE_ACCOUNT: 'account',
      HALFTONE_CLOUDFLARE_ACCOUNT_HASH: ACCOUNT_HASH,
      HALFTONE_LOOKUP_TTL_MS: '60000',
    },
  })
})
afterAll(async () => {
  await gateway.close()
  await site.stop()
})
beforeEach(() => {
  looks = 0
})

describe('gravity=face, with a detector', () => {
  test('has the face in the middle, as near as the edges allow', async () => {
    const picture = await pictureOf(await gateway.get(`${SQUARE},f=png-force/face.jpg`))
    expect([picture.status, picture.width, picture.height]).toEqual([200, 300, 300])
    // Half as large, at the right edge: from 200 to 275 across, from 50 to 125 down.
    for (const at of [205, 270]) expect(distance(picture.colourAt(at, 87), SKIN)).toBeLessThan(12)
    for (const at of [194, 281]) expect(distance(picture.colourAt(at, 87), WALL)).toBeLessThan(12)
  })

  test('with zoom is of the face alone', async () => {
    const picture = await pictureOf(await gateway.get(`${SQUARE},zoom=1,f=png-force/other.jpg`))
    for (const at of [10, 150, 290]) expect(distance(picture.colourAt(at, at), SKIN)).toBeLessThan(12)
  })

  test('is a picture as any: one native URL, no warning', async () => {
    const theirs = await gateway.get(`${SQUARE},f=webp/face.jpg`)
    expect(theirs.headers.get('warning')).toBeNull()
    const native = await gateway.fetch('/img/face.jpg/300x300,gravity=centre_0.896_0.292.webp')
    expect(native.status).toBe(200)
    expect(native.headers.get('etag')).toBe(theirs.headers.get('etag'))
    expect(native.headers.get('content-location')).toBe(theirs.headers.get('content-location'))
  })

  test('is looked for once in a picture, whatever is made of it and however many ask', async () => {
    const tails = [64, 96, 64].map((side) => `w=${side},h=${side},fit=cover,g=face,f=webp/crowd.jpg`)
    await Promise.all(tails.map(async (tail) => gateway.get(tail)))
    expect(looks).toBe(1)
    await gateway.verbs()
    const again = await gateway.get(tails[0] ?? '')
    expect(again.headers.get('cache-status')).toBe('memory; hit')
    expect([looks, await gateway.verbs()]).toEqual([1, []])
  })

  test('is looked for again when there is another picture', async () => {
    await site.put('new.jpg', portrait(0, 0))
    const etagOf = async () => (await gateway.get(`${SQUARE},f=png-force/new.jpg`)).headers.get('etag')
    const before = await etagOf()
    await site.put('new.jpg', portrait(525, 100))
    gateway.forget(['new.jpg'])
    expect(await etagOf()).not.toBe(before)
    const picture = await pictureOf(await gateway.get(`${SQUARE},f=png-force/new.jpg`))
    expect(distance(picture.colourAt(150, 87), SKIN)).toBeLessThan(12)
    expect(looks).toBe(2)
  })

  test('is the centre where there is none', async () => {
    const [face, centre] = [
      await gateway.get(`${SQUARE},f=webp/wall.jpg`),
      await gateway.get('w=300,h=300,fit=cover,f=webp/wall.jpg'),
    ]
    expect([face.status, face.headers.get('warning')]).toEqual([200, null])
    expect(face.headers.get('etag')).toBe(centre.headers.get('etag'))
  })

  test.each([`${SQUARE}/items/hidden`, `${SQUARE}/nothing.jpg`])('%s is told to nobody', async (tail) => {
    expect((await gateway.get(tail)).status).toBe(404)
    expect(looks).toBe(0)
  })

  test('is not looked for in a drawing', async () => {
    expect((await gateway.get(`${SQUARE}/drawing.svg`)).status).toBe(200)
    expect(looks).toBe(0)
  })

  test('is there for hosted images, too', async () => {
    const answer = await gateway.fetch(`/${ACCOUNT_HASH}/${open}/${SQUARE},f=webp`)
    expect([answer.status, answer.headers.get('warning'), looks]).toEqual([200, null, 1])
  })
})

describe('a detector that fails', () => {
  test.each<[string, FaceDetector['find']]>([
    ['throws', async () => Promise.reject(new Error('out of order'))],
    ['finds what is no box', async () => Promise.resolve({ left: 10, top: 10, right: 90, bottom: 90 })],
  ])('because it %s is a failure of ours, for pictures with faces alone', async (_, find) => {
    const broken = await site.open({ faceDetector: { find } })
    expect((await broken.get(`${SQUARE},f=webp/face.jpg`)).status).toBe(500)
    expect((await broken.get('w=300,h=300,fit=cover,f=webp/face.jpg')).status).toBe(200)
    await broken.close()
  })
})

describe('without what it takes', () => {
  test.each([
    [SQUARE, 'w=300,h=300,fit=cover', 'gravity=face is not available here, center is used'],
    ['w=200,segment=foreground', 'w=200', 'segment=foreground is not available here, the background stays'],
    [
      'w=1400,fit=contain,upscale=generate',
      'w=1400,fit=contain',
      'upscale=generate is not available here, interpolate is used',
    ],
  ])('%s is %s, with a warning', async (asked, same, text) => {
    const plain = await site.open()
    const [answer, other] = [
      await plain.get(`${asked},f=webp/face.jpg`),
      await plain.get(`${same},f=webp/face.jpg`),
    ]
    expect([answer.status, answer.headers.get('warning')]).toEqual([200, `cf-images 299 "${text}"`])
    expect(answer.headers.get('etag')).toBe(other.headers.get('etag'))
    expect(other.headers.get('warning')).toBeNull()
    await plain.close()
  })
})
