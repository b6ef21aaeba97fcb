import readExif, { type Exif } from 'exif-reader'
import type { Sharp } from 'sharp'

/** Who made a picture and whose it is, as EXIF has it. */
export interface Copyright {
  readonly Copyright?: string
  readonly Artist?: string
}

/** How a photograph was taken, of what EXIF says: no place, no serial numbers, no names of people. */
export interface Shot {
  readonly make?: string | undefined
  readonly model?: string | undefined
  readonly lens?: string | undefined
  /** ISO 8601, as the camera's clock had it, without a zone. */
  readonly takenAt?: string | undefined
  readonly exposureSeconds?: number | undefined
  /** The f-number. */
  readonly aperture?: number | undefined
  readonly iso?: number | undefined
  readonly focalLengthMm?: number | undefined
}

/** The two fields out of an EXIF block; nothing when there are none or the block cannot be read. */
export function readCopyright(exif: Buffer | undefined): Copyright {
  const image = parse(exif)?.Image
  const [copyright, artist] = [text(image?.Copyright), text(image?.Artist)]
  return { ...(copyright && { Copyright: copyright }), ...(artist && { Artist: artist }) }
}

/** How a photograph was taken; `undefined` when its EXIF block says nothing of it, or cannot be read. */
export function readShot(exif: Buffer | undefined): Shot | undefined {
  const { Image: image, Photo: photo } = parse(exif) ?? {}
  const shot: Shot = {
    make: text(image?.Make),
    model: text(image?.Model),
    lens: text(photo?.LensModel),
    takenAt: moment(photo?.DateTimeOriginal),
    exposureSeconds: positive(photo?.ExposureTime),
    aperture: positive(photo?.FNumber),
    iso: positive(photo?.ISOSpeedRatings),
    focalLengthMm: positive(photo?.FocalLength),
  }
  return Object.values(shot).every((value) => value === undefined) ? undefined : shot
}

/** Writes the two fields, and no other metadata. */
export function withCopyright(pipeline: Sharp, copyright: Copyright): Sharp {
  return Object.keys(copyright).length === 0 ? pipeline : pipeline.withExif({ IFD0: { ...copyright } })
}

function parse(exif: Buffer | undefined): Exif | undefined {
  if (exif === undefined) return undefined
  try {
    return readExif(exif)
  } catch {
    // Many cameras and editors write broken EXIF; the picture itself is as good as any.
    return undefined
  }
}

const MAX_TEXT = 256

function text(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const plain = value
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT)
  return plain === '' ? undefined : plain
}

function positive(value: unknown): number | undefined {
  const number: unknown = Array.isArray(value) ? value[0] : value
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined
}

function moment(value: unknown): string | undefined {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return undefined
  return value.toISOString().slice(0, 19)
}
