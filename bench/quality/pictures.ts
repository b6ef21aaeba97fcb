import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { photograph } from '../../samples/darkroom.ts'
import { SCENES } from '../../samples/scenes.ts'
import { type Content, classify, type RawPixels } from '../../src/pixels/colours.ts'
import { UsageError } from '../usage-error.ts'
import { GRAPHICS, svgOf } from './graphics.ts'

/** A picture of the study, as uploaded. */
export interface StudyPicture {
  readonly name: string
  readonly source: Buffer | string
  /** What it is, by construction; what `classify` says of pictures that others have made. */
  readonly kind: Content | undefined
}

/** A picture at one width: the raw pixels that every encoder gets. */
export interface Resized {
  readonly name: string
  readonly kind: Content
  readonly pixels: RawPixels
}

/** Leaves, skin, sky, text, dusk and a plain wall: what is easy and what is hard to encode. */
const PHOTOS = ['plant-leaves', 'portrait-ana', 'lake-poster', 'books-shelf', 'lamp-evening', 'chair-studio']

const PICTURE = /\.(?:jpe?g|png|webp|avif|tiff?)$/i

/** The painted samples and the drawn graphics; of a folder, when one is named, all the pictures in it. */
export async function findPictures(folder: string | undefined, count: number): Promise<StudyPicture[]> {
  if (folder !== undefined) return (await picturesIn(folder)).slice(0, count)
  const graphics = GRAPHICS.map((graphic) => ({
    name: graphic.name,
    source: svgOf(graphic),
    kind: 'flat' as const,
  }))
  return [...(await photos(count)), ...graphics.slice(0, count)]
}

/** The picture at a width, never enlarged: turned, in sRGB, as raw pixels. */
export async function resize({ name, source, kind }: StudyPicture, width: number): Promise<Resized> {
  const { data, info } = await sharp(source)
    .autoOrient()
    .toColourspace('srgb')
    .resize({ width, withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const pixels = { data, width: info.width, height: info.height, channels: info.channels }
  return { name, pixels, kind: kind ?? classify(pixels) }
}

async function photos(count: number): Promise<StudyPicture[]> {
  const taken: StudyPicture[] = []
  for (const [index, name] of PHOTOS.slice(0, count).entries()) {
    const shot = SCENES[name]
    if (shot === undefined) throw new Error(`There is no scene ${name}`)
    taken.push({ name, source: (await photograph(shot, index + 1)).bytes, kind: 'photo' })
  }
  return taken
}

async function picturesIn(folder: string): Promise<StudyPicture[]> {
  const names = (await readdir(folder)).filter((name) => PICTURE.test(name)).toSorted()
  if (names.length === 0) throw new UsageError(`--pictures ${folder}: there is no picture in it`)
  return names.map((name) => ({ name, source: join(folder, name), kind: undefined }))
}
