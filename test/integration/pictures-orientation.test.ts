import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { distance, pixelAt } from '../pixels/pixels.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { pixelsOf, rendered, shown } from '../support/oddities/ask.ts'
import { orientationExif, TURNED } from '../support/oddities/exif.ts'
import { jpegSegments, withSegments } from '../support/oddities/jpeg.ts'
import { encodePng, pngChunk } from '../support/oddities/png.ts'
import { encodeTiff, rgbPage } from '../support/oddities/tiff.ts'
import { withWebpExtras } from '../support/oddities/webp.ts'
import { CORNERS, corners, encode, encodeTurned, type RawPicture } from '../support/pictures.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await createTestGateway({ environment: { HALFTONE_SIZES: 'any' } })
})
afterAll(() => gateway.close())

const stored = corners(96, 64)

/** A picture that says of itself how it is to be turned, in each format's own way. */
const TURNED_FILES = {
  jpg: async (orientation) =>
    withSegments(await encode(stored, 'jpg'), [jpegSegments.exif(orientationExif(orientation))]),
  png: (orientation) =>
    encodePng({
      ...stored,
      bitDepth: 8,
      colourType: 2,
      samplesAt: (x, y) => pixelAt(stored, x, y),
      chunks: [pngChunk('eXIf', orientationExif(orientation))],
    }),
  webp: async (orientation) =>
    withWebpExtras(await encode(stored, 'webp'), { exif: orientationExif(orientation) }),
  avif: (orientation) => encodeTurned(stored, 'avif', orientation),
  tif: (orientation) =>
    encodeTiff([{ ...rgbPage(stored), entries: [{ tag: 0x112, type: 'short', value: [orientation] }] }]),
} as const satisfies Record<string, (orientation: number) => Buffer | Promise<Buffer>>

const cases = Object.entries(TURNED).flatMap(([orientation, seen]) =>
  Object.entries(TURNED_FILES).map(([format, make]) => [Number(orientation), format, seen, make] as const),
)

describe.each(cases)('orientation %i of a %s', (orientation, _, seen, make) => {
  const [width, height] = orientation < 5 ? [96, 64] : [64, 96]

  test('is applied, and a width counts in the turned picture', async () => {
    const picture = await shown(gateway, await make(orientation), '48.png')
    expect([picture.width, picture.height]).toEqual([48, (48 * height) / width])
    expect(cornerNames(picture)).toEqual(seen)
  })

  test('a height and a box count in the turned picture', async () => {
    const file = await make(orientation)
    const tall = await shown(gateway, file, 'x32.png')
    expect([tall.width, tall.height]).toEqual([Math.round((32 * width) / height), 32])
    expect(cornerNames(tall)).toEqual(seen)
    const box = await shown(gateway, file, `${width / 2}x${height / 2}.png`)
    expect(cornerNames(box)).toEqual(seen)
  })

  test('is applied once: the answer says nothing of turning', async () => {
    const file = await rendered(gateway, await make(orientation), 'original.jpg')
    expect((await sharp(file).metadata()).orientation).toBeUndefined()
    const picture = await pixelsOf(file)
    expect([picture.width, picture.height]).toEqual([width, height])
    expect(cornerNames(picture)).toEqual(seen)
  })
})

test('an orientation that is none is not applied', async () => {
  for (const orientation of [0, 9, 255]) {
    const picture = await shown(gateway, await TURNED_FILES.jpg(orientation), '48.png')
    expect(cornerNames(picture)).toEqual(TURNED[1])
  }
})

function cornerNames(picture: RawPicture): string[] {
  const [right, bottom] = [picture.width - 4, picture.height - 4]
  const places = [
    [3, 3],
    [right, 3],
    [3, bottom],
    [right, bottom],
  ] as const
  return places.map(([x, y]) => {
    const colour = pixelAt(picture, x, y)
    const found = Object.entries(CORNERS).find(([, corner]) => distance(colour, corner) < 30)
    return found?.[0] ?? colour.join(' ')
  })
}
