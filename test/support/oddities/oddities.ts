import sharp from 'sharp'
import { encode, encodeTurned, pipelineOf, type RawPicture } from '../pictures.ts'
import { SPACES } from './colour.ts'
import { encodeGif, type GifFrame } from './gif.ts'
import { rgbProfile } from './icc.ts'
import { encodeFlatJpeg, jpegSegments, withSegments } from './jpeg.ts'
import { encodeApng, encodePng, pngChunk, type PngPlan } from './png.ts'
import {
  blockColour,
  BLOCK,
  greyScene,
  greyStep,
  isHole,
  onWhite,
  scene,
  SCENE_SIDES,
  sceneSeenFrom,
  sceneSvg,
  sceneWithHole,
  shiftedScene,
} from './scene.ts'
import { encodeTiff, rgbPage } from './tiff.ts'

/** A file that people have, and what it shows: upright, in sRGB, on white; of an animation the first frame. */
interface Oddity {
  readonly name: string
  readonly extension: string
  readonly file: Buffer
  readonly seen: RawPicture
  readonly frames: number
  /** How far off, in levels of 255, its colours may be beyond what an output loses: where the file does not define them. */
  readonly slack: number
}

/** Ink without a profile is of no certain colour. */
const UNDEFINED_INK = 5

type Recipe = readonly [
  name: string,
  file: Buffer | Promise<Buffer>,
  seen?: RawPicture | undefined,
  frames?: number,
]

/** Every kind of file in the matrix; the first word of a name is its extension. */
export async function makeOddities(): Promise<readonly Oddity[]> {
  const recipes = [...jpegs(), ...pngs(), ...webps(), ...gifs(), ...avifs(), ...tiffs(), ...svgs()]
  return Promise.all(
    recipes.map(async ([name, file, seen = scene, frames = 1]) => {
      const extension = name.split(' ')[0] ?? ''
      const slack = /CMYK$|YCCK$/.test(name) ? UNDEFINED_INK : 0
      return { name, extension, file: await file, seen: onWhite(seen), frames, slack }
    }),
  )
}

/** Ink of a grey scene, black alone: the one separation whose colour needs no profile to be known. */
const inks = (column: number, row: number) => [0, 0, 0, 255 - blockColour(column, row)[1]] as const

/** Adobe's CMYK is stored upside down, and its YCCK is the YCbCr of the three inks turned back. */
const cmyk = (column: number, row: number) => inks(column, row).map((ink) => 255 - ink)
const ycck = (column: number, row: number) => [0, 128, 128, 255 - inks(column, row)[3]]
const grey = (column: number, row: number) => [blockColour(column, row)[1]]

function jpegs(): Recipe[] {
  const plain = encode(scene, 'jpg')
  const meant = async (profile: Buffer) => withSegments(await plain, [jpegSegments.profile(profile)])
  return [
    ['jpg baseline', plain],
    ['jpg progressive', pipelineOf(scene).jpeg({ quality: 95, progressive: true }).toBuffer()],
    ['jpg grey', encodeFlatJpeg({ ...SCENE_SIDES, valuesAt: grey }), greyScene(256)],
    ['jpg RGB', encodeFlatJpeg({ ...SCENE_SIDES, valuesAt: blockColour, adobe: 0 })],
    ['jpg CMYK', encodeFlatJpeg({ ...SCENE_SIDES, valuesAt: cmyk, adobe: 0 }), greyScene(256)],
    ['jpg YCCK', encodeFlatJpeg({ ...SCENE_SIDES, valuesAt: ycck, adobe: 2 }), greyScene(256)],
    ['jpg CMYK with profile', pipelineOf(scene).withIccProfile('cmyk').jpeg({ quality: 95 }).toBuffer()],
    ['jpg Display P3', meant(rgbProfile(SPACES.displayP3, 4)), sceneSeenFrom(SPACES.displayP3)],
    ['jpg Adobe RGB', meant(rgbProfile(SPACES.adobeRgb, 2)), sceneSeenFrom(SPACES.adobeRgb)],
    ['jpg ProPhoto', meant(rgbProfile(SPACES.proPhoto, 2)), sceneSeenFrom(SPACES.proPhoto)],
    ['jpg turned', turned('jpg')],
  ]
}

/** The scene stored lying on its side, and the word that it is to be turned. */
async function turned(format: 'jpg' | 'png' | 'webp' | 'avif'): Promise<Buffer> {
  const { data, info } = await pipelineOf(scene).rotate(-90).raw().toBuffer({ resolveWithObject: true })
  const lying = { data, width: info.width, height: info.height, channels: 3 } as const
  return encodeTurned(lying, format, 6)
}

const blockOf = (x: number, y: number) => [Math.floor(x / BLOCK), Math.floor(y / BLOCK)] as const
const colourOf = (x: number, y: number) => blockColour(...blockOf(x, y))
const alphaOf = (x: number, y: number) => (isHole(x, y) ? 0 : 255)
const SIDES = { width: scene.width, height: scene.height } as const

/** Each depth, and each colour type of a PNG, interlaced and not. */
function pngs(): Recipe[] {
  const plans: readonly (readonly [string, Omit<PngPlan, 'width' | 'height'>, RawPicture?])[] = [
    ...([1, 2, 4, 8, 16] as const).map((bitDepth) => {
      const steps = 2 ** bitDepth
      const samplesAt = (x: number, y: number) => [greyStep(...blockOf(x, y), steps)]
      return [
        `grey ${bitDepth} bit`,
        { bitDepth, colourType: 0, samplesAt },
        greyScene(Math.min(steps, 256)),
      ] as const
    }),
    ['RGB', { bitDepth: 8, colourType: 2, samplesAt: colourOf }],
    ['RGB 16 bit', { bitDepth: 16, colourType: 2, samplesAt: (x, y) => colourOf(x, y).map((v) => v * 257) }],
    [
      'RGBA',
      { bitDepth: 8, colourType: 6, samplesAt: (x, y) => [...colourOf(x, y), alphaOf(x, y)] },
      sceneWithHole(),
    ],
    [
      'RGBA 16 bit',
      {
        bitDepth: 16,
        colourType: 6,
        samplesAt: (x, y) => [...colourOf(x, y), alphaOf(x, y)].map((v) => v * 257),
      },
      sceneWithHole(),
    ],
    ['palette 4 bit', palettePlan(4), greyScene(16)],
    ['palette 8 bit', palettePlan(8), greyScene(256)],
  ]
  return [
    ...plans.flatMap(([name, plan, seen]): Recipe[] => [
      [`png ${name}`, encodePng({ ...SIDES, ...plan }), seen],
      [`png ${name} interlaced`, encodePng({ ...SIDES, ...plan, interlaced: true }), seen],
    ]),
    ['png animated', encodeApng([0, 7].map(rgbPlan), 0)],
    ['png turned', turned('png')],
  ]
}

function palettePlan(bitDepth: 4 | 8): Omit<PngPlan, 'width' | 'height'> {
  const steps = 2 ** bitDepth
  const colours = Array.from({ length: steps }, (_, step) => Math.round((step * 255) / (steps - 1)))
  return {
    bitDepth,
    colourType: 3,
    samplesAt: (x, y) => [greyStep(...blockOf(x, y), steps)],
    chunks: [pngChunk('PLTE', Buffer.from(colours.flatMap((value) => [value, value, value])))],
  }
}

const rgbPlan = (shift: number): PngPlan => ({
  ...SIDES,
  bitDepth: 8,
  colourType: 2,
  samplesAt: (x, y) => blockColour((blockOf(x, y)[0] + shift) % SCENE_SIDES.columns, blockOf(x, y)[1]),
})

function webps(): Recipe[] {
  const frames = [0, 5, 10].map((blocks) => pipelineOf(shiftedScene(blocks)).png().toBuffer())
  const animated = async () =>
    sharp(await Promise.all(frames), { join: { animated: true } })
      .webp({ quality: 95, effort: 0, delay: [100, 200, 300], loop: 3 })
      .toBuffer()
  return [
    ['webp lossy', encode(scene, 'webp')],
    ['webp lossless', pipelineOf(scene).webp({ lossless: true, effort: 0 }).toBuffer()],
    ['webp with alpha', encode(sceneWithHole(), 'webp'), sceneWithHole()],
    ['webp animated', animated(), scene, 3],
    ['webp turned', turned('webp')],
  ]
}

/** How many greys the GIFs have; one more entry of their palette is the one that is not seen. */
const GIF_GREYS = 63

/** A frame of the scene in greys, moved to the left by so many blocks. */
const gifFrame = (blocks: number): GifFrame => ({
  ...SIDES,
  delayMs: 100,
  indexAt: (x, y) => {
    const [column, row] = blockOf(x, y)
    return greyStep((column + blocks) % SCENE_SIDES.columns, row, GIF_GREYS)
  },
})

function gifs(): Recipe[] {
  const greys = Array.from({ length: GIF_GREYS }, (_, step) => Math.round((step * 255) / (GIF_GREYS - 1)))
  const palette = [...greys.map((grey) => [grey, grey, grey] as const), [255, 0, 255] as const]
  const file = { ...SIDES, palette }
  const whole = gifFrame(0)
  const holed: GifFrame = {
    ...whole,
    transparent: GIF_GREYS,
    indexAt: (x, y) => (isHole(x, y) ? GIF_GREYS : whole.indexAt(x, y)),
  }
  const hole = { ...sceneWithHole(), data: withGreys(sceneWithHole().data) }
  return [
    ['gif still', encodeGif({ ...file, frames: [whole] }), greyScene(GIF_GREYS)],
    ['gif transparent', encodeGif({ ...file, frames: [holed] }), hole],
    [
      'gif animated',
      encodeGif({ ...file, loop: 0, frames: [0, 4, 8].map(gifFrame) }),
      greyScene(GIF_GREYS),
      3,
    ],
  ]
}

/** The colours of the scene replaced by its greys, the hole left open. */
function withGreys(data: Uint8Array): Uint8Array {
  const { data: greys } = greyScene(GIF_GREYS)
  return data.map((value, at) => (at % 4 === 3 ? value : (greys[Math.floor(at / 4) * 3] ?? 0)))
}

function avifs(): Recipe[] {
  const deep = (bitdepth: 8 | 10 | 12) =>
    pipelineOf(scene).avif({ quality: 90, effort: 0, bitdepth, chromaSubsampling: '4:4:4' }).toBuffer()
  return [
    ['avif 8 bit', deep(8)],
    ['avif 10 bit', deep(10)],
    ['avif 12 bit', deep(12)],
    ['avif with alpha', encode(sceneWithHole(), 'avif'), sceneWithHole()],
    ['avif turned', turned('avif')],
  ]
}

function tiffs(): Recipe[] {
  const sixteen = { ...rgbPage(scene), bitsPerSample: 16 as const, pixels: doubled(scene.data) }
  const separated = Uint8Array.from(
    { length: scene.width * scene.height * 4 },
    (_, at) => inks(...blockOf((at >> 2) % scene.width, Math.floor((at >> 2) / scene.width)))[at & 3] ?? 0,
  )
  return [
    ['tif plain', encodeTiff([rgbPage(scene)])],
    ['tif LZW', pipelineOf(scene).tiff({ compression: 'lzw' }).toBuffer()],
    ['tif 16 bit', encodeTiff([sixteen])],
    [
      'tif CMYK',
      encodeTiff([{ ...rgbPage(scene), samplesPerPixel: 4, photometric: 5, pixels: separated }]),
      greyScene(256),
    ],
    ['tif of two pages', encodeTiff([scene, shiftedScene(7)].map(rgbPage))],
  ]
}

/** Every sample twice: 0…255 becomes 0…65535. */
const doubled = (data: Uint8Array) =>
  Uint8Array.from({ length: data.length * 2 }, (_, at) => data[at >> 1] ?? 0)

function svgs(): Recipe[] {
  const sides = 'width="160" height="120"'
  return [
    ['svg plain', Buffer.from(sceneSvg(sides))],
    ['svg with a viewBox alone', Buffer.from(sceneSvg('viewBox="0 0 160 120"'))],
    ['svg declared as XML', Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${sceneSvg(sides)}`)],
  ]
}
