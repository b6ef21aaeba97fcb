import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import type { OutputFormat } from '../../src/transform/spec.ts'

/** Raw pixels, rows from the top, `channels` bytes a pixel. */
export interface RawPicture {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
}

export type Colour = readonly [red: number, green: number, blue: number]

/** The colours of the corners of `corners()`, far enough apart to survive any encoder. */
export const CORNERS = {
  topLeft: [220, 30, 30],
  topRight: [30, 190, 40],
  bottomLeft: [40, 50, 210],
  bottomRight: [230, 210, 40],
} as const satisfies Record<string, Colour>

/** Four flat quarters, one colour each. */
export function corners(width: number, height: number): RawPicture {
  return paint(width, height, (x, y) => {
    if (y < height / 2) return x < width / 2 ? CORNERS.topLeft : CORNERS.topRight
    return x < width / 2 ? CORNERS.bottomLeft : CORNERS.bottomRight
  })
}

/** Gradients, waves and grain: costs an encoder about what a photograph does. The same pixels every time. */
export function photo(width: number, height: number): RawPicture {
  let seed = 1
  return paint(width, height, (x, y) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    const grain = (seed >> 16) & 15
    const wave = 100 * Math.sin(x / 37) * Math.cos(y / 23)
    return [(x * 230) / width + grain, (y * 230) / height + grain, 120 + wave + grain]
  })
}

/** One colour with an opacity that rises from the left (0) to the right (255). */
export function fade(width: number, height: number, [red, green, blue]: Colour): RawPicture {
  const data = new Uint8Array(width * height * 4)
  for (let at = 0; at < width * height; at += 1) {
    const alpha = Math.round(((at % width) * 255) / (width - 1))
    data.set([red, green, blue, alpha], at * 4)
  }
  return { data, width, height, channels: 4 }
}

/** Raw pixels by a function of their place; values are cut to 0…255. */
export function paint(width: number, height: number, colourAt: (x: number, y: number) => Colour): RawPicture {
  const data = new Uint8ClampedArray(width * height * 3)
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 3) data.set(colourAt(x, y), at)
  }
  return { data: new Uint8Array(data.buffer), width, height, channels: 3 }
}

/** A pipeline on raw pixels, for what a test wants to attach before it encodes. */
export function pipelineOf({ data, width, height, channels }: RawPicture): Sharp {
  return sharp(data, { raw: { width, height, channels } })
}

/** Encodes with as little loss as the format allows at speed. */
export function encode(picture: RawPicture, format: OutputFormat): Promise<Buffer> {
  return encoded(pipelineOf(picture), format)
}

/** The same with an EXIF orientation, 1 to 8: pixels as stored, to be turned when shown. */
export function encodeTurned(
  picture: RawPicture,
  format: OutputFormat,
  orientation: number,
): Promise<Buffer> {
  return encoded(pipelineOf(picture).withMetadata({ orientation }), format)
}

/** A JPEG that says where it was taken, by whom, and with a word to look for. */
export function encodeWithGps(picture: RawPicture, secret: string): Promise<Buffer> {
  const exif = {
    IFD0: { Artist: secret, Copyright: secret },
    IFD3: {
      GPSLatitudeRef: 'N',
      GPSLatitude: '52/1 31/1 12/1',
      GPSLongitudeRef: 'E',
      GPSAreaInformation: secret,
    },
  }
  return encoded(pipelineOf(picture).withExif(exif), 'jpg')
}

/** The first part of a file, as an upload that broke off leaves it. */
export function truncated(file: Buffer, share = 0.6): Buffer {
  return file.subarray(0, Math.floor(file.length * share))
}

/** A valid PNG of one bit a pixel, all black: gigapixels in some hundred kilobytes. */
export function pngBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height), { level: 6 })
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function encoded(pipeline: Sharp, format: OutputFormat): Promise<Buffer> {
  switch (format) {
    case 'jpg':
      return pipeline.jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer()
    case 'png':
      return pipeline.png({ compressionLevel: 1 }).toBuffer()
    case 'webp':
      return pipeline.webp({ quality: 95, effort: 0 }).toBuffer()
    case 'avif':
      return pipeline.avif({ quality: 90, effort: 0 }).toBuffer()
    case 'gif':
      return pipeline.gif({ effort: 1 }).toBuffer()
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
