import sharp from 'sharp'

const WIDTH = 3000
const HEIGHT = 2000
/** How far a pixel strays by the grain of the camera, and a patch of 4×4 pixels by the texture of things. */
// With these an 800 wide WebP has about 54 KB.
const GRAIN = 12
const TEXTURE = 20

/** A JPEG of 3000×2000 that costs codecs about what a photograph does: light, waves, texture, edges, grain. */
export async function benchPhoto(seed: number): Promise<Buffer> {
  const data = Buffer.alloc(WIDTH * HEIGHT * 3)
  const wave = 30 + seed * 7
  for (let y = 0, at = 0; y < HEIGHT; y += 1) {
    const across = Math.cos(y / (wave - 11))
    for (let x = 0; x < WIDTH; x += 1, at += 3) {
      const grain = noise(x, y, seed) * GRAIN + noise(x >> 2, y >> 2, seed) * TEXTURE
      const edge = ((x >> 7) + (y >> 7) + seed) % 5 === 0 ? 40 : 0
      data[at] = clamp(20 + (x * 180) / WIDTH + edge + grain)
      data[at + 1] = clamp(30 + (y * 170) / HEIGHT + edge + grain)
      data[at + 2] = clamp(120 + 60 * Math.sin(x / wave) * across + grain)
    }
  }
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .jpeg({ quality: 85 })
    .toBuffer()
}

/** A JPEG of 4000×3000 and some 5 MB, as phones take them. */
export async function phonePhoto(seed: number): Promise<Buffer<ArrayBuffer>> {
  const enlarged = sharp(await benchPhoto(seed)).resize(4000, 3000, { fit: 'fill' })
  return Buffer.from(await enlarged.jpeg({ quality: 97, chromaSubsampling: '4:4:4' }).toBuffer())
}

/** From -0.5 to 0.5, the same for the same place every time. */
function noise(x: number, y: number, seed: number): number {
  const mixed = Math.imul(Math.imul(x, 374_761_393) ^ Math.imul(y + seed, 668_265_263), 1_274_126_177)
  return ((mixed ^ (mixed >>> 15)) & 0xffff) / 0xffff - 0.5
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, value))
}
