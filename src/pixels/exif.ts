import readExif, { type Exif } from 'exif-reader'
import type { Sharp } from 'sharp'

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

/** EXIF fields by their names, as sharp takes them: numbers as fractions. */
export interface ExifFields {
  readonly IFD0?: Readonly<Record<string, string>>
  readonly IFD2?: Readonly<Record<string, string>>
  /** Where it was taken. */
  readonly IFD3?: Readonly<Record<string, string>>
}

/** Who made a picture and whose it is, out of an EXIF block; nothing when it says neither or cannot be read. */
export function copyrightOf(exif: Buffer | undefined): ExifFields {
  const image = parse(exif)?.Image
  const [copyright, artist] = [written(text(image?.Copyright)), written(text(image?.Artist))]
  if (!copyright && !artist) return {}
  return { IFD0: { ...(copyright && { Copyright: copyright }), ...(artist && { Artist: artist }) } }
}

/**
 * All of an EXIF block that is text, a number or a time and still true of another rendering: not what only its camera's
 * maker can read, nor how it was turned, nor, unless that is wanted, where the picture was taken.
 */
export function exifToKeep(
  exif: Buffer | undefined,
  { keepsGps }: { readonly keepsGps: boolean },
): ExifFields {
  const { Image: image, Photo: photo, GPSInfo: gps } = parse(exif) ?? {}
  return { IFD0: fieldsOf(image), IFD2: fieldsOf(photo), ...(keepsGps && { IFD3: placeOf(gps) }) }
}

/** libvips writes no bytes such as `GPSAltitudeRef`, so that what lies below the sea would lie above it. */
function placeOf(gps: Exif['GPSInfo']): Record<string, string> {
  const { GPSAltitude, ...elsewhere } = fieldsOf(gps)
  const isAbove = GPSAltitude !== undefined && !gps?.GPSAltitudeRef
  return isAbove ? { ...elsewhere, GPSAltitude } : elsewhere
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

/** Writes these fields, and no other metadata. */
export function withExif(pipeline: Sharp, { IFD0 = {}, IFD2 = {}, IFD3 = {} }: ExifFields): Sharp {
  const blocks = {
    ...(Object.keys(IFD0).length > 0 && { IFD0 }),
    ...(Object.keys(IFD2).length > 0 && { IFD2 }),
    ...(Object.keys(IFD3).length > 0 && { IFD3 }),
  }
  return Object.keys(blocks).length === 0 ? pipeline : pipeline.withExif(blocks)
}

/** What says where other blocks begin, or what the pixels of the source were like. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  'ExifTag',
  'GPSTag',
  'InteroperabilityTag',
  'Orientation',
  'ImageWidth',
  'ImageLength',
  'BitsPerSample',
  'SamplesPerPixel',
  'Compression',
  'PhotometricInterpretation',
  'PlanarConfiguration',
  'YCbCrPositioning',
  'YCbCrSubSampling',
  'XResolution',
  'YResolution',
  'ResolutionUnit',
  'ColorSpace',
  'PixelXDimension',
  'PixelYDimension',
  'CompressedBitsPerPixel',
  'MakerNote',
])

function fieldsOf(block: object | undefined): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [name, value] of Object.entries(block ?? {})) {
    const written = NOT_KEPT.has(name) ? undefined : formatField(value)
    if (written !== undefined) fields[name] = written
  }
  return fields
}

/** A value as libvips reads it; `undefined` for bytes that only their writer understands. */
function formatField(value: unknown): string | undefined {
  if (value instanceof Date) return moment(value)?.replaceAll('-', ':').replace('T', ' ')
  const numbers: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (
    numbers.length > 0 &&
    numbers.every((number) => typeof number === 'number' && Number.isFinite(number))
  ) {
    return numbers.map((number) => formatFraction(Number(number))).join(' ')
  }
  return written(text(value))
}

/** libvips takes what stands in the last brackets for its own note on the value, and cuts it off. */
const written = (plain: string | undefined): string | undefined =>
  plain?.includes(' (') ? `${plain} ()` : plain

/** Denominators of exposure times and f-numbers go into it without a rest. */
const DENOMINATOR = 100_000

function formatFraction(value: number): string {
  if (Number.isInteger(value)) return `${value}/1`
  // A time such as 1/3200 is one over a whole number.
  const inverse = Math.round(1 / value)
  if (Math.abs(value) < 1 && Math.abs(1 / inverse - value) < Math.abs(value) * 1e-9) {
    return `${Math.sign(inverse)}/${Math.abs(inverse)}`
  }
  return `${Math.round(value * DENOMINATOR)}/${DENOMINATOR}`
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
