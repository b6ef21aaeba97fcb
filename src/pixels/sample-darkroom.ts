import sharp from 'sharp'
import { box, group, type Layer, type Shot } from '../samples/draw.ts'
import { random } from '../samples/random.ts'
import { develop, noiseTile, type Octave } from './sample-grain.ts'

/** A sample picture, ready to be stored. */
export interface SamplePicture {
  /** A progressive JPEG. */
  readonly bytes: Buffer
  /** Sides in pixels, turned. */
  readonly width: number
  readonly height: number
}

/** Grey squares that scenes lay over flat colour: name, side in scene units, octaves. */
const TEXTURES: readonly (readonly [string, number, readonly Octave[]])[] = [
  [
    'plaster',
    1400,
    [
      [5, 5, 0.5],
      [19, 19, 0.3],
      [90, 90, 0.25],
      [256, 256, 0.3],
    ],
  ],
  [
    'wood',
    1500,
    [
      [2, 30, 0.55],
      [4, 110, 0.5],
      [10, 256, 0.45],
      [60, 512, 0.25],
    ],
  ],
  [
    'weave',
    420,
    [
      [128, 7, 0.3],
      [7, 128, 0.3],
      [170, 170, 0.5],
    ],
  ],
  [
    'hide',
    460,
    [
      [64, 64, 0.9],
      [128, 128, 0.5],
      [9, 9, 0.2],
    ],
  ],
] // prettier-ignore

const textureSide = 512
let texturePatterns: Promise<string> | undefined

const dataUrl = (type: string, bytes: Buffer): string =>
  `data:image/${type};base64,${bytes.toString('base64')}`

async function texturePattern(
  [name, side, octaves]: (typeof TEXTURES)[number],
  index: number,
): Promise<string> {
  const raw = { width: textureSide, height: textureSide, channels: 1 } as const
  const png = await sharp(noiseTile(textureSide, octaves, 71 + index), { raw })
    .png({ compressionLevel: 1 })
    .toBuffer()
  const image = `<image width="${side}" height="${side}" href="${dataUrl('png', png)}"/>`
  return `<pattern id="${name}" patternUnits="userSpaceOnUse" width="${side}" height="${side}">${image}</pattern>`
}

function textures(): Promise<string> {
  texturePatterns ??= Promise.all(TEXTURES.map(texturePattern)).then((patterns) => patterns.join(''))
  return texturePatterns
}

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
async function softLayer(layer: Layer, frame: Frame, patterns: string): Promise<string> {
  const blur = layer.blur ?? 1
  const pixelWidth = Math.max(64, Math.min(1200, Math.round((frame.width * 4) / blur)))
  const sigma = Math.max(0.4, (blur * pixelWidth) / frame.width)
  const painted = sharp(svg(frame, pixelWidth, `<defs>${patterns}</defs>${turned(frame, layer.body)}`)).blur(
    sigma,
  )
  const shadow = layer.shadow === undefined ? painted : painted.linear([0, 0, 0, layer.shadow], [0, 0, 0, 0])
  const png = await shadow.png({ compressionLevel: 1 }).toBuffer()
  const blend = layer.blend ? `style="mix-blend-mode:${layer.blend}"` : ''
  const { x, y, width, height } = frame
  return `<image x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none" href="${dataUrl('png', png)}" ${blend}/>`
}

async function paintLayer(layer: Layer, frame: Frame, patterns: string): Promise<string> {
  if (layer.blur) return softLayer(layer, frame, patterns)
  return group(layer.blend ? `style="mix-blend-mode:${layer.blend}"` : '', turned(frame, layer.body))
}

/** Scenes are painted smaller and enlarged: painting costs by the pixel, and grain hides what is lost. */
const ENLARGEMENT = 2

/** Degrees to turn the pixels by, so that a viewer who honours the orientation sees them upright. */
const STORED_TURN = { 3: 180, 6: 270, 8: 90 } as const

/** Takes one photograph. `scale` makes it smaller (for tests); equal shots and scales give equal pixels. */
export async function photograph(shot: Shot, seed: number, scale = 1): Promise<SamplePicture> {
  const [width, height] = [Math.round(shot.width * scale), Math.round(shot.height * scale)]
  const frame = frameOf(shot)
  const patterns = await textures()
  const layers: string[] = []
  for (const layer of shot.layers) layers.push(await paintLayer(layer, frame, patterns))
  const ground = box([frame.x, frame.y], [frame.width, frame.height], '#808080')
  const scene = svg(
    frame,
    Math.round(width / ENLARGEMENT),
    `<defs>${patterns}</defs>${ground}${layers.join('')}`,
  )
  const small = await sharp(scene, { unlimited: true })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  // Two steps on purpose: asked to resize an SVG, sharp would paint it at the full size after all.
  const pixels = await sharp(small.data, { raw: small.info })
    .resize(width, height, { fit: 'fill' })
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
