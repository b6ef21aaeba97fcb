import sharp, { type Metadata, type SharpOptions } from 'sharp'
import { GatewayError } from '../errors.ts'
import { countGifFrames, countWebpFrames, endsAmidFrame } from '../structure/frames.ts'
import { countScans } from '../structure/jpeg-scans.ts'
import { countTags } from '../structure/svg-tags.ts'
import { countPages } from '../structure/tiff-pages.ts'
import type { Facts, PictureLimits } from './messages.ts'
import { readSignature, type SourceFormat } from './signature.ts'

const ACCEPTED = 'JPEG, PNG, WebP, AVIF, GIF, TIFF and SVG are accepted'

interface Most {
  readonly accepted: number
  readonly name: string
  /** How many there are, up to a number. */
  readonly count: (source: Uint8Array, most: number) => number
}

/** What there may be of what is not seen in the sides of a picture. */
const MOST: Readonly<Partial<Record<SourceFormat, Most>>> = {
  // Encoders write about ten.
  jpeg: { accepted: 100, name: 'scans', count: countScans },
  gif: { accepted: 10_000, name: 'frames', count: countGifFrames },
  webp: { accepted: 10_000, name: 'frames', count: countWebpFrames },
  // Ten times as many take a gigabyte, and longer than a picture may.
  svg: { accepted: 200_000, name: 'tags', count: countTags },
  tiff: { accepted: 1_000, name: 'pages', count: countPages },
}

/** A row of a hundred megapixels takes gigabytes, and so many rows of one pixel take minutes. */
const MAX_SOURCE_SIDE = 100_000

/** A pixel of transparent colours in 8 bits. */
const MAX_WHOLE_BYTES = 4

/** A header as read: the facts that everybody sees, and what only rendering needs. */
export interface Header {
  readonly facts: Facts
  /** Milliseconds that each frame of an animation is shown. */
  readonly delays: readonly number[]
  /** How often an animation is shown; 0: without end. */
  readonly loop: number
  readonly hasGainMap: boolean
  /** The embedded ICC profile. */
  readonly profile: Buffer | undefined
  readonly isCmyk: boolean
  /** Whether a channel has 16 bits. */
  readonly isDeep: boolean
  readonly exif: Buffer | undefined
}

/** What a picture is, from its header alone; refuses what is no picture, is broken, or is beyond the limits. */
export async function inspectPicture(source: Uint8Array, limits: PictureLimits): Promise<Facts> {
  const { facts } = await readHeader(source, limits)
  checkFrames(facts, limits)
  return facts
}

/** Encoders take no more; a GIF can say that a frame is shown for ten times as many milliseconds. */
const toShort = (value: number): number => Math.min(Math.max(0, value), 65_535)

/** The same for whoever renders one frame of it, whatever the number of frames. */
export async function readHeader(source: Uint8Array, limits: PictureLimits): Promise<Header> {
  checkBytes(source, limits)
  const format = acceptedFormat(source)
  const metadata = await readMetadata(source)
  const facts = describe(format, metadata)
  checkArea(facts, limits)
  checkWhole(facts, metadata, limits)
  if (format === 'gif' && endsAmidFrame(source)) throw brokenPicture(new Error('a frame breaks off'))
  return {
    facts,
    delays: (metadata.delay ?? []).map(toShort),
    loop: toShort(metadata.loop ?? 0),
    hasGainMap: metadata.gainMap !== undefined,
    profile: metadata.icc,
    isCmyk: metadata.space === 'cmyk',
    isDeep: metadata.depth === 'ushort',
    exif: metadata.exif,
  }
}

/** Refuses an animation whose frames are too much together. */
export function checkFrames({ width, height, frames }: Facts, limits: PictureLimits): void {
  if (frames * width * height <= limits.maxFramePixels) return
  const all = `${frames} frames of ${width}×${height}`
  throw tooLarge(`The picture has ${all}; at most ${limits.maxFramePixels} pixels in all are accepted`)
}

/** A decoder's failure, as a verdict on the picture. */
export function brokenPicture(cause: unknown): GatewayError {
  const reason = cause instanceof Error ? cause.message.split('\n', 1)[0]?.slice(0, 200) : undefined
  const message = 'The picture is broken or truncated and cannot be decoded'
  return new GatewayError('source_broken', reason ? `${message}: ${reason}` : message, { cause })
}

/** How every picture is opened. Any warning refuses it: a damaged picture is not rendered grey. */
export function openOptions(maxPixels: number | false): SharpOptions {
  return { failOn: 'warning', limitInputPixels: maxPixels, sequentialRead: true }
}

function checkBytes(source: Uint8Array, { maxSourceBytes }: PictureLimits): void {
  if (source.length <= maxSourceBytes) return
  throw tooLarge(`The picture has ${source.length} bytes; at most ${maxSourceBytes} are accepted`)
}

function acceptedFormat(source: Uint8Array): SourceFormat {
  const signature = readSignature(source)
  if ('other' in signature) {
    const advice = signature.advice === undefined ? '' : ` (${signature.advice})`
    throw new GatewayError('source_not_a_picture', `The source is ${signature.other}; ${ACCEPTED}${advice}`)
  }
  if (signature.format === 'svg') refuseEntities(source)
  refuseExcess(signature.format, source)
  return signature.format
}

/** Of these a few bytes are enough to keep a decoder busy for long, however small the picture. */
function refuseExcess(format: SourceFormat, source: Uint8Array): void {
  const most = MOST[format]
  if (most === undefined || most.count(source, most.accepted + 1) <= most.accepted) return
  throw tooLarge(`The picture has more than ${most.accepted} ${most.name}`)
}

/** Entities can be bombs and can name files; nothing that draws needs them. */
function refuseEntities(source: Uint8Array): void {
  if (!Buffer.from(source.buffer, source.byteOffset, source.length).includes('<!ENTITY')) return
  throw new GatewayError(
    'source_not_a_picture',
    'The SVG declares entities, which are never followed; save it without them ("Plain SVG")',
  )
}

async function readMetadata(source: Uint8Array): Promise<Metadata> {
  try {
    // No limit here: the header alone costs nothing, and our own check can name the sides.
    return await sharp(source, openOptions(false)).metadata()
  } catch (error) {
    throw brokenPicture(error)
  }
}

function describe(format: SourceFormat, metadata: Metadata): Facts {
  return {
    format,
    contentType: format === 'svg' ? 'image/svg+xml' : `image/${format}`,
    width: metadata.autoOrient.width,
    height: metadata.autoOrient.height,
    // The pages of a TIFF and the items of an AVIF are no frames.
    frames: format === 'gif' || format === 'webp' ? (metadata.pages ?? 1) : 1,
    hasAlpha: metadata.hasAlpha,
    orientation: metadata.orientation ?? 1,
  }
}

function checkArea({ format, width, height }: Facts, { maxPixels }: PictureLimits): void {
  if (format !== 'svg' && Math.max(width, height) > MAX_SOURCE_SIDE) {
    throw tooLarge(
      `The picture is ${width}×${height}; a side of at most ${MAX_SOURCE_SIDE} pixels is accepted`,
    )
  }
  if (width * height <= maxPixels) return
  throw tooLarge(`The picture is ${width}×${height}; at most ${maxPixels} pixels are accepted`)
}

/** What is interlaced is in memory as a whole before its first row is known, in all its bits. */
function checkWhole(facts: Facts, metadata: Metadata, { maxPixels }: PictureLimits): void {
  const bytesAPixel = metadata.channels * (metadata.depth === 'ushort' ? 2 : 1)
  const isWhole = facts.format === 'png' && metadata.isProgressive
  if (!isWhole || facts.width * facts.height * bytesAPixel <= maxPixels * MAX_WHOLE_BYTES) return
  const most = Math.floor((maxPixels * MAX_WHOLE_BYTES) / bytesAPixel)
  throw tooLarge(
    `The PNG is interlaced, ${facts.width}×${facts.height}; at most ${most} pixels are accepted so`,
  )
}

function tooLarge(message: string): GatewayError {
  return new GatewayError('source_too_large', message)
}
