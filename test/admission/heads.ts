import sharp, { type Sharp } from 'sharp'

/** The beginnings of files that claim sides. */
export const headOf = {
  png(width: number, height: number): Buffer {
    const head = Buffer.alloc(64)
    head.write('\x89PNG\r\n\x1a\n', 'latin1')
    head.writeUInt32BE(width, 16)
    head.writeUInt32BE(height, 20)
    return head
  },
  avif(width: number, height: number): Buffer {
    const head = Buffer.alloc(64)
    head.write('ftypavif', 4, 'latin1')
    head.write('ispe', 32, 'latin1')
    head.writeUInt32BE(width, 40)
    head.writeUInt32BE(height, 44)
    return head
  },
}

const ENCODERS = {
  jpg: (picture: Sharp) => picture.withMetadata().jpeg(),
  progressive: (picture: Sharp) => picture.jpeg({ progressive: true }),
  png: (picture: Sharp) => picture.png(),
  webp: (picture: Sharp) => picture.webp(),
  lossless: (picture: Sharp) => picture.webp({ lossless: true }),
  alpha: (picture: Sharp) => picture.ensureAlpha(0.5).withMetadata().webp(),
  avif: (picture: Sharp) => picture.avif({ effort: 0 }),
  gif: (picture: Sharp) => picture.gif(),
  'moving gif': (picture: Sharp) => picture.gif({ delay: 100 }),
  'moving webp': (picture: Sharp) => picture.webp({ delay: 100 }),
} as const

/** A picture of these sides in one of the ways to write it; five frames of it where it moves. */
export async function encodeOddity(
  kind: keyof typeof ENCODERS,
  width: number,
  height: number,
): Promise<Buffer> {
  const frames = kind.startsWith('moving') ? 5 : 1
  const pixels = Uint8Array.from(
    { length: width * height * frames * 3 },
    (_, at) => (at * 7 + at / 997) % 256,
  )
  const raw = {
    width,
    height: height * frames,
    channels: 3,
    ...(frames > 1 && { pageHeight: height }),
  } as const
  return ENCODERS[kind](sharp(pixels, { raw })).toBuffer()
}
