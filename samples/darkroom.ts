import sharp from 'sharp'
import {
  box,
  group,
  type Layer,
  type Shot,
  TEXTURE_STEPS,
  TEXTURES,
  type Texture,
  tileId,
} from './kit/draw.ts'
import { random } from './kit/random.ts'
import { develop, noiseTile, type Octave } from './grain.ts'

/** A sample picture, ready to be stored. */
export interface SamplePicture {
  /** A progressive JPEG. */
  readonly bytes: Buffer
  /** Sides in pixels, turned. */
  readonly width: number
  readonly height: number
}

interface Tile {
  /** Pixels across and down. Few of them: librsvg decodes a tile anew wherever it is used. */
  readonly sides: readonly [number, number]
  readonly octaves: readonly Octave[]
}

/** What the textures are made of. */
const TILES: Readonly<Record<Texture, Tile>> = {
  plaster: {
    sides: [384, 384],
    octaves: [
      [7, 7, 0.3],
      [25, 25, 0.2],
      [120, 120, 0.2],
      [192, 192, 0.25],
    ],
  },
  wood: {
    sides: [96, 768],
    octaves: [
      [3, 30, 0.4],
      [6, 110, 0.4],
      [14, 256, 0.35],
      [48, 384, 0.2],
    ],
  },
  weave: {
    sides: [288, 288],
    octaves: [
      [96, 7, 0.25],
      [7, 96, 0.25],
      [144, 144, 0.4],
    ],
  },
  hide: {
    sides: [224, 224],
    octaves: [
      [64, 64, 0.6],
      [112, 112, 0.4],
      [9, 9, 0.15],
    ],
  },
}

const fullStrength = 0.75

const dataUrl = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`

/** Where the noise is low black, where it is high white, and the more of it the further from the middle. */
async function textureTag(texture: Texture, step: number): Promise<string> {
  const { sides, octaves } = TILES[texture]
  const noise = noiseTile(sides, octaves, 71 + texture.length)
  const veil = new Uint8Array(noise.length * 2)
  for (const [i, level] of noise.entries()) {
    veil[i * 2] = level < 128 ? 0 : 255
    // Without the two lowest bits the PNG is a good deal smaller.
    veil[i * 2 + 1] = ((Math.abs(level - 128) * fullStrength * step) / TEXTURE_STEPS) & 0xfc
  }
  const raw = { width: sides[0], height: sides[1], channels: 2 } as const
  const png = await sharp(veil, { raw }).png({ compressionLevel: 9 }).toBuffer()
  const [width, height] = TEXTURES[texture]
  const stretch = `width="${width}" height="${height}" preserveAspectRatio="none"`
  return `<image id="${tileId(texture, step)}" ${stretch} href="${dataUrl(png)}"/>`
}

const tags = new Map<string, Promise<string>>()

/** The tiles that a drawing uses, each made once a process. */
async function texturesOf(body: string): Promise<string> {
  const used = new Set(
    [...body.matchAll(/<use href="#(\w+)-(\d+)"/g)].map(([, texture, step]) => `${texture} ${step}`),
  )
  const made = [...used].map((tile) => {
    const [texture = '', step = ''] = tile.split(' ')
    const tag =
      tags.get(tile) ?? (isTexture(texture) ? textureTag(texture, Number(step)) : Promise.resolve(''))
    tags.set(tile, tag)
    return tag
  })
  return (await Promise.all(made)).join('')
}

const isTexture = (name: string): name is Texture => name in TEXTURES

interface Frame {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly turn: number
}

function frameOf(shot: Shot): Frame {
  const { x, y, width, turn = 0 } = shot.view
  return { x, y, width, height: (width * shot.height) / shot.width, turn }
}

function svg(frame: Frame, pixelWidth: number, body: string): Buffer {
  const sides = `width="${pixelWidth}" height="${Math.round((pixelWidth * frame.height) / frame.width)}"`
  const seen = `viewBox="${frame.x} ${frame.y} ${frame.width} ${frame.height}" preserveAspectRatio="none"`
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${sides} ${seen}>${body}</svg>`)
}

const turned = (frame: Frame, body: string): string =>
  group(`transform="rotate(${frame.turn} ${frame.x + frame.width / 2} ${frame.y + frame.height / 2})"`, body)

/** A blurred layer is painted small and enlarged: the blur costs next to nothing and the eye cannot tell. */
async function softLayer(layer: Layer, frame: Frame): Promise<string> {
  const blur = layer.blur ?? 1
  const pixelWidth = Math.max(64, Math.min(1200, Math.round((frame.width * 4) / blur)))
  const sigma = Math.max(0.4, (blur * pixelWidth) / frame.width)
  const defs = `<defs>${await texturesOf(layer.body)}</defs>`
  const painted = sharp(svg(frame, pixelWidth, defs + turned(frame, layer.body))).blur(sigma)
  const shadow = layer.shadow === undefined ? painted : painted.linear([0, 0, 0, layer.shadow], [0, 0, 0, 0])
  const png = await shadow.png({ compressionLevel: 1 }).toBuffer()
  const blend = layer.blend ? `style="mix-blend-mode:${layer.blend}"` : ''
  const { x, y, width, height } = frame
  return `<image x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none" href="${dataUrl(png)}" ${blend}/>`
}

async function paintLayer(layer: Layer, frame: Frame): Promise<string> {
  if (layer.blur) return softLayer(layer, frame)
  return group(layer.blend ? `style="mix-blend-mode:${layer.blend}"` : '', turned(frame, layer.body))
}

/** Degrees to turn the pixels by, so that a viewer who honours the orientation sees them upright. */
const STORED_TURN = { 3: 180, 6: 270, 8: 90 } as const

/** Takes one photograph. `scale` makes it smaller (for tests); equal shots and scales give equal pixels. */
export async function photograph(shot: Shot, seed: number, scale = 1): Promise<SamplePicture> {
  const [width, height] = [Math.round(shot.width * scale), Math.round(shot.height * scale)]
  const frame = frameOf(shot)
  const layers: string[] = []
  for (const layer of shot.layers) layers.push(await paintLayer(layer, frame))
  const ground = box([frame.x, frame.y], [frame.width, frame.height], '#808080')
  const scene = svg(
    frame,
    width,
    `<defs>${await texturesOf(layers.join(''))}</defs>${ground}${layers.join('')}`,
  )
  const pixels = await sharp(scene, { unlimited: true })
    .resize(width, height, { fit: 'fill' })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer()
  develop({ pixels, width, height }, shot.look, Math.floor(random(seed)() * 1e6))
  return { bytes: await print({ pixels, width, height }, shot.orientation), width, height }
}

async function print(
  canvas: { pixels: Buffer; width: number; height: number },
  orientation: Shot['orientation'],
) {
  const { pixels, width, height } = canvas
  const picture = sharp(pixels, { raw: { width, height, channels: 3 } })
  const stored = orientation
    ? picture.rotate(STORED_TURN[orientation]).withMetadata({ orientation })
    : picture
  return stored.jpeg({ quality: 90, progressive: true }).toBuffer()
}
