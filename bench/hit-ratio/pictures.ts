import sharp from 'sharp'

const SHEET = { width: 1600, height: 1200 }
const PICTURE = { width: 480, height: 360 }

/** Paints JPEGs of 480×360 that are all different: places of one large sheet with shapes and grain. */
export async function createPainter(): Promise<(picture: number, version: number) => Promise<Buffer>> {
  const { width, height } = SHEET
  const blobs = await sharp({
    create: {
      ...SHEET,
      channels: 3,
      background: '#808080',
      noise: { type: 'gaussian', mean: 128, sigma: 120 },
    },
  })
    .blur(12)
    .normalise()
    .raw()
    .toBuffer()
  const grain = await sharp({
    create: {
      ...SHEET,
      channels: 3,
      background: '#808080',
      noise: { type: 'gaussian', mean: 128, sigma: 10 },
    },
  })
    .png()
    .toBuffer()
  const raw = { width, height, channels: 3 } as const
  const sheet = await sharp(blobs, { raw })
    .composite([{ input: grain, blend: 'overlay' }])
    .removeAlpha()
    .raw()
    .toBuffer()
  const [columns, rows] = [width - PICTURE.width, height - PICTURE.height]
  return (picture, version) => {
    const place = (picture * 7919 + version * 104_729) % (columns * rows)
    const at = { left: place % columns, top: Math.floor(place / columns) }
    return sharp(sheet, { raw })
      .extract({ ...at, ...PICTURE })
      .jpeg({ quality: 80 })
      .toBuffer()
  }
}

/** The sides of every picture. */
export const PICTURE_SIDES = PICTURE
