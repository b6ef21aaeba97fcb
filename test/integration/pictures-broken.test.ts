import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boxShrink, meanDifference } from '../pixels/pixels.ts'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { type Answered, ask, pixelsOf, putSource } from '../support/oddities/ask.ts'
import { encodeGif } from '../support/oddities/gif.ts'
import { encodeFlatJpeg } from '../support/oddities/jpeg.ts'
import { encodePng, pngChunk, pngFile } from '../support/oddities/png.ts'
import { blockColour, greyScene, greyStep, scene, SCENE_SIDES, sceneSvg } from '../support/oddities/scene.ts'
import { encodeTiff, rgbPage } from '../support/oddities/tiff.ts'
import { riff, webpChunk } from '../support/oddities/webp.ts'
import { encode, pipelineOf, type RawPicture } from '../support/pictures.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await createTestGateway({ environment: { HALFTONE_SIZES: 'any', HALFTONE_WORKERS: '2' } })
})
afterAll(() => gateway.close())

const SIDES = { width: scene.width, height: scene.height } as const
const STEPS = 64
const GREYS = Array.from({ length: STEPS }, (_, step) => Math.round((step * 255) / (STEPS - 1)))

const gifScene = encodeGif({
  ...SIDES,
  palette: GREYS.map((grey) => [grey, grey, grey] as const),
  frames: [{ ...SIDES, indexAt: (x, y) => greyStep(Math.floor(x / 8), Math.floor(y / 8), STEPS) }],
})

/** A whole file of each kind, and what it shows. */
const WHOLE: readonly (readonly [name: string, file: Buffer, seen: RawPicture])[] = [
  ['jpg', encodeFlatJpeg({ ...SCENE_SIDES, valuesAt: blockColour, adobe: 0 }), scene],
  ['progressive jpg', await pipelineOf(scene).jpeg({ quality: 95, progressive: true }).toBuffer(), scene],
  ['png', await pipelineOf(scene).png().toBuffer(), scene],
  ['webp', await encode(scene, 'webp'), scene],
  ['lossless webp', await pipelineOf(scene).webp({ lossless: true }).toBuffer(), scene],
  ['avif', await encode(scene, 'avif'), scene],
  ['gif', gifScene, greyScene(STEPS)],
  ['tif', encodeTiff([rgbPage(scene)]), scene],
  ['LZW tif', await pipelineOf(scene).tiff({ compression: 'lzw' }).toBuffer(), scene],
  ['svg', Buffer.from(sceneSvg('width="160" height="120"')), scene],
]

/** At most so many cuts of a file, evenly spread. */
const CUTS = 16

/**
 * What is wrong with the answers to damaged files, in words: each is to be a refusal that says why, or a picture that
 * shows what it should.
 */
async function faultsOf(
  files: readonly Uint8Array[],
  isRight: (shown: RawPicture) => boolean,
): Promise<string[]> {
  const faults = await Promise.all(
    files.map(async (file, index) => {
      const answer = await ask(gateway, await putSource(gateway, file), '80.png')
      const isFine = answer.status === 200 ? isRight(await pixelsOf(answer.bytes)) : isVerdict(answer)
      return isFine
        ? []
        : [`file ${index}: ${answer.status} ${answer.code ?? 'a wrong picture'}: ${answer.detail}`]
    }),
  )
  return faults.flat()
}

const isVerdict = ({ status, code = '', detail = '' }: Answered) =>
  status === 415 && /^source_(?:not_a_picture|broken|too_large)$/.test(code) && detail.length > 20

describe.each(WHOLE)('a %s', (_, file, seen) => {
  const small = boxShrink(seen, 80, 60)
  const isRight = (shown: RawPicture) => meanDifference(shown, small) < 12

  test('is shown while it is whole', async () => {
    const answer = await ask(gateway, await putSource(gateway, file), '80.png')
    expect([answer.status, answer.detail]).toEqual([200, undefined])
    expect(isRight(await pixelsOf(answer.bytes))).toBe(true)
  })

  test('that breaks off anywhere is refused, or whole to the eye', async () => {
    const even = Array.from({ length: CUTS }, (_, cut) => Math.floor((file.length * cut) / CUTS))
    const last = [1, 2, 3, 4, 8, 16].map((missing) => file.length - missing)
    const parts = [...even, ...last].map((length) => file.subarray(0, length))
    expect(await faultsOf(parts, isRight)).toEqual([])
  })

  test('with a bit flipped anywhere in its head is refused, or some picture', async () => {
    const places = Array.from({ length: 32 }, (_, index) => index * 3)
    const flipped = places.map((at) => {
      const copy = Buffer.from(file)
      copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8))
      return copy
    })
    expect(await faultsOf(flipped, ({ width }) => width > 0)).toEqual([])
  })

  test('with noise behind its head is refused, or some picture', async () => {
    const noisy = [0.2, 0.5, 0.8].map((share) => {
      const copy = Buffer.from(file)
      const start = Math.floor(file.length * share)
      for (let at = start; at < Math.min(start + 40, file.length); at += 1) copy[at] = (at * 167 + 13) & 0xff
      return copy
    })
    expect(await faultsOf(noisy, ({ width }) => width > 0)).toEqual([])
  })

  test('is known by its bytes, whatever it is called', async () => {
    for (const extension of ['jpg', 'png', 'html', 'exe', 'avif']) {
      const path = await putSource(gateway, file, extension)
      expect((await ask(gateway, path, '80.webp')).contentType).toBe('image/webp')
    }
  })
})

describe('a picture with something else in it', () => {
  const PAYLOAD = '<script>alert("halftone")</script>'
  const zip = Buffer.from(`PK\x03\x04\x14\0\0\0\0\0 ${PAYLOAD} PK\x05\x06`, 'latin1')
  const pngWith = (text: string) =>
    encodePng({
      ...SIDES,
      bitDepth: 8,
      colourType: 2,
      samplesAt: (x, y) => blockColour(Math.floor(x / 8), Math.floor(y / 8)),
      chunks: [pngChunk('tEXt', Buffer.from(`Comment\0${text}`, 'latin1'))],
    })

  test.each([
    ['a ZIP behind a JPEG', Buffer.concat([WHOLE[0]?.[1] ?? zip, zip])],
    ['a page behind a GIF', Buffer.concat([gifScene, Buffer.from(PAYLOAD)])],
    ['a page in a PNG', pngWith(PAYLOAD)],
    ['a page behind a PNG', Buffer.concat([pngWith(''), Buffer.from(PAYLOAD)])],
  ])('%s is shown without it', async (_, file) => {
    for (const format of ['jpg', 'png', 'webp', 'avif', 'gif']) {
      const answer = await ask(gateway, await putSource(gateway, file), `80.${format}`)
      expect([answer.status, answer.detail]).toEqual([200, undefined])
      expect(answer.bytes.includes('script')).toBe(false)
      expect(answer.bytes.includes('PK\x03\x04')).toBe(false)
    }
  })

  test('JavaScript that begins like a GIF is refused', async () => {
    const file = Buffer.from(`GIF89a/*${'\0'.repeat(20)}*/=1;${PAYLOAD}`)
    const answer = await ask(gateway, await putSource(gateway, file, 'gif'), '80.png')
    expect(answer.status).toBe(415)
  })

  test.each([
    ['a PDF', '%PDF-1.4\n%\xe2\xe3\n', 'a PDF'],
    ['a page', '<!doctype html><html>', 'an HTML page'],
    ['an archive', 'PK\x03\x04', 'a ZIP archive'],
    ['nothing that is known', '\0\0\0\0', 'no picture that we know'],
  ])('%s in front of a JPEG is what it begins with', async (_, front, name) => {
    const file = Buffer.concat([Buffer.from(front, 'latin1'), WHOLE[0]?.[1] ?? zip])
    const answer = await ask(gateway, await putSource(gateway, file), '80.png')
    expect(answer).toMatchObject({ status: 415, code: 'source_not_a_picture' })
    expect(answer.detail).toContain(name)
  })
})

describe('a giant canvas', () => {
  const uint16 = (value: number) => [value >> 8, value & 255]

  /** A JPEG whose frame header says other sides. */
  function jpegOf(width: number, height: number): Buffer {
    const file = encodeFlatJpeg({ columns: 1, rows: 1, valuesAt: () => [128] })
    file.set([...uint16(height), ...uint16(width)], file.indexOf(Buffer.from([0xff, 0xc0])) + 5)
    return file
  }

  function webpOf(width: number, height: number): Buffer {
    const head = Buffer.alloc(10)
    head.writeUIntLE(width - 1, 4, 3)
    head.writeUIntLE(height - 1, 7, 3)
    const frame = Buffer.from('\x2f\0\0\0\0\x88\x88\x08', 'latin1')
    return riff([webpChunk('VP8X', head), webpChunk('VP8L', frame)])
  }

  /** An AVIF whose `ispe` property says other sides (ISO/IEC 23008-12 §6.5.3). */
  async function avifOf(width: number, height: number): Promise<Buffer> {
    const file = await encode(scene, 'avif')
    const at = file.indexOf('ispe', 0, 'latin1') + 8
    file.writeUInt32BE(width, at)
    file.writeUInt32BE(height, at + 4)
    return file
  }

  const pngOf = (width: number, height: number) =>
    pngFile({ width, height, bitDepth: 1, colourType: 0 }, [pngChunk('IDAT', Buffer.from([0x78, 0x9c]))])
  /** A GIF whose canvas and whose frame say other sides. */
  function gifOf(width: number, height: number): Buffer {
    const frame = { width: 1, height: 1, indexAt: () => 0 }
    const file = encodeGif({ width, height, palette: [[0, 0, 0]], frames: [frame] })
    const at = file.indexOf(',', 20, 'latin1')
    file.writeUInt16LE(width, at + 5)
    file.writeUInt16LE(height, at + 7)
    return file
  }

  const tiffOf = (width: number, height: number) => encodeTiff([{ ...rgbPage(scene), width, height }])

  const makers = { jpeg: jpegOf, png: pngOf, webp: webpOf, avif: avifOf, gif: gifOf, tiff: tiffOf } as const

  test.each([
    ['png', 30_000, 30_000],
    ['png', 2_147_483_647, 2_147_483_647],
    ['gif', 65_535, 65_535],
    ['jpeg', 65_500, 65_500],
    ['webp', 16_383, 16_383],
    ['tiff', 60_000, 60_000],
    ['tiff', 4_294_967_295, 4_294_967_295],
    ['avif', 65_536, 65_536],
    ['avif', 4_294_967_295, 4_294_967_295],
  ] as const)('of a %s, %i×%i, is refused by its header', async (format, width, height) => {
    const path = await putSource(gateway, await makers[format](width, height))
    const answer = await ask(gateway, path, '80.png')
    expect(answer.status).toBe(415)
    expect(answer.code).toMatch(/source_too_large|source_broken/)
    expect(answer.code === 'source_broken' || answer.detail?.includes(`${width}×${height}`)).toBe(true)
  })

  test.each(['png', 'gif', 'jpeg', 'tiff'] as const)('is named as what it is: %s', async (format) => {
    const path = await putSource(gateway, makers[format](25_000, 25_000))
    expect(await ask(gateway, path, '80.png')).toMatchObject({
      code: 'source_too_large',
      detail: expect.stringContaining('25000×25000'),
    })
  })

  // A GIF of no size is as large as its frame, and that at least a pixel: browsers show it too.
  test.each(['png', 'jpeg', 'tiff', 'avif'] as const)('of no size is refused: %s', async (format) => {
    const answer = await ask(gateway, await putSource(gateway, await makers[format](0, 0)), '80.png')
    expect(answer.status).toBe(415)
    expect(answer.detail).toBeTruthy()
  })
})

test.each([
  ['nothing at all', Buffer.alloc(0), /empty/],
  ['a HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), /HEIC.*JPEG/s],
  ['a JPEG XL', Buffer.from('\xff\x0a\x01\x02\x03', 'latin1'), /JPEG XL.*JPEG/s],
  ['a JPEG XL in its container', Buffer.from('\0\0\0\x0cJXL \r\n\x87\n', 'latin1'), /JPEG XL.*JPEG/s],
  ['a film', Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0isommp42', 'latin1'), /video/],
  ['a page', Buffer.from('<!doctype html><title>x</title>'), /HTML/],
])('%s is refused by name, and the message says what to do', async (_, file, said) => {
  const answer = await ask(gateway, await putSource(gateway, file, 'jpg'), '80.webp')
  expect(answer).toMatchObject({ status: 415, code: 'source_not_a_picture' })
  expect(answer.detail).toMatch(said)
})

test('a verdict is found once and remembered: at other sizes and formats nothing is fetched or decoded again', async () => {
  const path = await putSource(gateway, (WHOLE[2]?.[1] ?? Buffer.alloc(0)).subarray(0, 900))
  await gateway.verbs()
  const answers = await Promise.all(
    ['80.png', '80.png', '80.png'].map((variant) => ask(gateway, path, variant)),
  )
  expect(answers.map(({ code }) => code)).toEqual(['source_broken', 'source_broken', 'source_broken'])
  expect((await gateway.verbs()).filter((verb) => verb === 'get').length).toBeLessThanOrEqual(2)
  for (const variant of ['80.png', '64.webp', '32x32.jpg', 'original.gif']) {
    expect(await ask(gateway, path, variant)).toMatchObject({ status: 415, detail: answers[0]?.detail })
  }
  expect(await gateway.verbs()).toEqual([])
})

test('after all of this the gateway makes pictures as before', async () => {
  const answer = await ask(gateway, await putSource(gateway, WHOLE[0]?.[1] ?? Buffer.alloc(0)), '40.webp')
  expect((await sharp(answer.bytes).metadata()).width).toBe(40)
})
