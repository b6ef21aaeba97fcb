import sharp from 'sharp'
import { createRandom } from './random.ts'

/** The sides of every picture. */
export const PICTURE_SIDES = { width: 320, height: 240 } as const

const SHEET = { width: 1200, height: 900 }
/** Of the sheet's shapes, before they are drawn out. */
const COARSE = { width: 60, height: 45 }
const GRAIN = 70

/** Paints JPEGs that are all different, and the same every time: places of one large sheet with shapes and grain. */
export async function createPainter(): Promise<(picture: number, version: number) => Promise<Buffer>> {
  const random = createRandom(7)
  const noise = Buffer.from(Array.from({ length: COARSE.width * COARSE.height * 3 }, () => random() * 256))
  const shapes = await sharp(noise, { raw: { ...COARSE, channels: 3 } })
    .resize({ ...SHEET, kernel: 'cubic' })
    .raw()
    .toBuffer()
  const grained = Uint8ClampedArray.from(shapes, (value) => value + (random() - 0.5) * GRAIN)
  const sheet = Buffer.from(grained.buffer)
  const [columns, rows] = [SHEET.width - PICTURE_SIDES.width, SHEET.height - PICTURE_SIDES.height]
  return (picture, version) => {
    const place = (picture * 7919 + version * 104_729) % (columns * rows)
    return sharp(sheet, { raw: { ...SHEET, channels: 3 } })
      .extract({ left: place % columns, top: Math.floor(place / columns), ...PICTURE_SIDES })
      .jpeg({ quality: 80 })
      .toBuffer()
  }
}
