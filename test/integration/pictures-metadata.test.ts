import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import sharp from 'sharp'
import { createTestGateway, type TestGateway } from '../support/gateway.ts'
import { rendered } from '../support/oddities/ask.ts'
import {
  gpsEntries,
  LATITUDE_BYTES,
  photoshopBlock,
  SECRET,
  secretExif,
  secretIptc,
  secretXmp,
} from '../support/oddities/exif.ts'
import { encodeGif } from '../support/oddities/gif.ts'
import { jpegSegments, withSegments } from '../support/oddities/jpeg.ts'
import { encodePng, pngChunk } from '../support/oddities/png.ts'
import { encodeTiff, rgbPage } from '../support/oddities/tiff.ts'
import { withWebpExtras } from '../support/oddities/webp.ts'
import { corners, encode, photo, pipelineOf } from '../support/pictures.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await createTestGateway({ environment: { HALFTONE_SIZES: 'any' } })
})
afterAll(() => gateway.close())

const picture = photo(120, 80)

/** Files that tell where, when and by whom they were made, in all the ways of their formats. */
const TELLTALES = {
  jpg: async () => {
    const { exif, xmp, iptc, comment } = jpegSegments
    return withSegments(await encode(picture, 'jpg'), [
      exif(await telltaleExif()),
      xmp(secretXmp),
      iptc(photoshopBlock()),
      comment(SECRET),
    ])
  },
  png: async () =>
    encodePng({
      width: 120,
      height: 80,
      bitDepth: 8,
      colourType: 2,
      samplesAt: (x, y) => [x * 2, y * 3, 90],
      chunks: [
        pngChunk('eXIf', await telltaleExif()),
        pngChunk('iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${secretXmp}`)),
        pngChunk('tEXt', Buffer.from(`Author\0${SECRET}`, 'latin1')),
        pngChunk('tEXt', Buffer.from(rawProfile(photoshopBlock()), 'latin1')),
      ],
    }),
  webp: async () =>
    withWebpExtras(await encode(picture, 'webp'), { exif: await telltaleExif(), xmp: secretXmp }),
  avif: () =>
    pipelineOf(picture)
      .withExif({
        IFD0: { Artist: SECRET, Copyright: SECRET },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 1234/100', GPSAreaInformation: SECRET },
      })
      .withXmp(secretXmp)
      .avif({ effort: 0 })
      .toBuffer(),
  tif: () =>
    encodeTiff([
      {
        ...rgbPage(picture),
        linked: { tag: 0x8825, entries: gpsEntries },
        entries: [
          { tag: 0x13b, type: 'ascii', value: SECRET },
          { tag: 0x2bc, type: 'byte', value: Buffer.from(secretXmp) },
          { tag: 0x83bb, type: 'undefined', value: secretIptc() },
          { tag: 0x8649, type: 'byte', value: photoshopBlock() },
        ],
      },
    ]),
  gif: () =>
    encodeGif({
      width: 120,
      height: 80,
      palette: [
        [20, 30, 40],
        [200, 90, 30],
      ],
      comment: `${SECRET} ${LATITUDE_BYTES.toString('latin1')}`,
      frames: [{ width: 120, height: 80, indexAt: (x, y) => (x + y) & 1 }],
    }),
} as const satisfies Record<string, () => Buffer | Promise<Buffer>>

const telltaleExif = async () => secretExif(await encode(corners(32, 32), 'jpg'))

/** ImageMagick's way to put IPTC into a PNG: the bytes in hexadecimal. */
function rawProfile(block: Buffer): string {
  return `Raw profile type iptc\0\niptc\n${`${block.length}`.padStart(8)}\n${block.toString('hex')}\n`
}

const TRACES = [
  SECRET,
  Buffer.from(SECRET, 'latin1').toString('hex'),
  'GPS',
  'Exif',
  'EXIF',
  'XMP ',
  'xpacket',
  'http://ns.adobe.com/xap',
  'Photoshop 3.0',
  '8BIM',
  '52,31.1234N',
  'ICC_PROFILE',
  LATITUDE_BYTES,
]

describe.each(Object.entries(TELLTALES))('a %s that tells where it was taken', (name, make) => {
  test('does so', async () => {
    const file = await make()
    expect(file.includes(SECRET)).toBe(true)
    // The EXIF of the AVIF is written by libexif, with more digits; a GIF has a comment alone.
    expect(name === 'avif' || name === 'gif' || file.includes(LATITUDE_BYTES)).toBe(true)
  })

  test.each(['avif', 'webp', 'jpg', 'png', 'gif'])('tells nothing as %s', async (format) => {
    const file = await make()
    for (const size of ['original', '64', '48x48']) {
      const answer = await rendered(gateway, file, `${size}.${format}`)
      expect(TRACES.filter((trace) => answer.includes(trace))).toEqual([])
      const { exif, xmp, iptc, icc, comments } = await sharp(answer).metadata()
      expect({ exif, xmp, iptc, icc, comments }).toEqual({})
    }
  })
})

describe('HALFTONE_KEEP_COPYRIGHT', () => {
  let keeping: TestGateway
  beforeAll(async () => {
    keeping = await createTestGateway({
      environment: { HALFTONE_SIZES: 'any', HALFTONE_KEEP_COPYRIGHT: 'true' },
    })
  })
  afterAll(() => keeping.close())

  test.each(['avif', 'webp', 'jpg', 'png'])(
    'keeps the notice in a %s, and never the place',
    async (format) => {
      const answer = await rendered(keeping, await TELLTALES.jpg(), `64.${format}`)
      expect(answer.includes(`Copyright ${SECRET}`)).toBe(true)
      const { exif, xmp, iptc } = await sharp(answer).metadata()
      // The tag that leads to a GPS directory, in either order of bytes.
      for (const tag of ['\x25\x88\x04\0', '\x88\x25\0\x04'])
        expect(exif?.includes(tag, 0, 'latin1')).toBe(false)
      expect({ xmp, iptc }).toEqual({})
      const places = ['GPS', 'http://ns.adobe.com/xap', 'xpacket', 'Photoshop 3.0', LATITUDE_BYTES]
      expect(places.filter((trace) => answer.includes(trace))).toEqual([])
    },
  )
})
